"""Operations as pages show them: with labels, and with every step, begun or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from compute.engine.actions import registry
from compute.engine.models import Operation
from portal import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of an operation; `state` is done, current, undone, failed or waiting."""

    label: str | Promise
    state: str
    began: str | None
    ended: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A step that could not be undone; `reason` is empty if unknown."""

    label: str | Promise
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An operation with its label, colour and stages."""

    operation: Operation
    label: str | Promise
    icon: str
    state: str
    colour: str
    stages: list[Stage]

    @property
    def name(self) -> str:
        """Return its subject's name; volumes may have none."""
        return self.operation.subject_name or str(self.operation.subject_id)

    @property
    def url(self) -> str:
        """Return the address of its subject's page."""
        return subject_url(self.operation.subject_type, self.operation.subject_id)

    @property
    def is_open(self) -> bool:
        return self.operation.state in Operation.OPEN

    @property
    def is_stuck(self) -> bool:
        return self.operation.state == Operation.State.STUCK

    @property
    def leftovers(self) -> list[Leftover]:
        """Return the steps that a stuck operation could not undo, the failed one first."""
        return [
            Leftover(label=_(row["label"]) if row["label"] else row["step"], reason=row["reason"])
            for row in self.operation.leftovers or []
        ]

    @property
    def current(self) -> Stage | None:
        return next((stage for stage in self.stages if stage.state == "current"), None)


LISTED_BY = {"volume_snapshot": "volumes", "instance_snapshot": "instances"}
"""{noun: page}, where the page is not called after the noun."""


def subject_url(noun: str, key: UUID) -> str:
    """Return the address of a row's activity, or of the page that lists its kind."""
    if noun in {"instance", "volume"}:
        return reverse(f"{noun}-activity", args=[key])
    return reverse(LISTED_BY.get(noun, f"{noun}s"))


def make_entry(operation: Operation) -> Entry:
    """Return the entry of an operation with its action's label and all steps."""
    plan = registry.find(operation.kind)
    return Entry(
        operation=operation,
        label=plan.label if plan else operation.kind,
        icon=plan.icon if plan else "settings",
        state=_state(operation),
        colour=words.OPERATION_COLOUR[operation.state],
        stages=_stages(operation, plan),
    )


def _state(operation: Operation) -> str:
    """Return the label of the state, “Cancelling” between the request and the undoing."""
    if operation.cancel_requested and operation.state in {Operation.State.PENDING, Operation.State.RUNNING}:
        return _("Cancelling")
    return str(words.OPERATION[operation.state])


def make_entries(operations: Iterable[Operation]) -> list[Entry]:
    return [make_entry(operation) for operation in operations]


def _stages(operation: Operation, plan: Any) -> list[Stage]:
    timeline = {row["name"]: row for row in operation.timeline}
    names = [(step.name, step.label) for step in plan.steps] if plan else [(name, name) for name in timeline]
    return [_stage(operation, _(str(label)), timeline.get(name)) for name, label in names]


def _stage(operation: Operation, label: str, row: dict[str, Any] | None) -> Stage:
    if row is None:
        return Stage(label=label, state="waiting", began=None, ended=None)
    if row.get("undone"):
        state = "undone"
    elif row["ended"]:
        state = "done"
    else:
        state = "current" if operation.state in Operation.OPEN else "failed"
    return Stage(label=label, state=state, began=row["began"], ended=row["ended"])
