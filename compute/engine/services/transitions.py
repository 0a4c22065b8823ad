"""The only writer of a subject's state, task and fault."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from compute.engine import kinds
from compute.engine.models import Subject
from compute.engine.services import broadcast


def change(row: Subject, **fields: Any) -> None:
    """Write fields of the row, raise its version, and let open pages know after commit."""
    type(row)._default_manager.filter(pk=row.pk).update(
        **fields, version=F("version") + 1, updated_at=timezone.now()
    )
    for name, value in fields.items():
        setattr(row, name, value)
    broadcast.changed(row)


def set_task(row: Subject, task_state: str) -> None:
    """Say what is being done to the row."""
    change(row, task_state=task_state)


def settle(row: Subject, state: str, *, task_state: str | None = None, **fields: Any) -> None:
    """Put the row into `state` and forget an earlier fault; `task_state` is that of the next in line, if any."""
    derived = dict(kinds.kind_of(row).state_columns(row, state))
    change(row, **{row.STATE: state, "task_state": task_state}, **({"fault": None} | derived | fields))


def fail(
    row: Subject, error: dict[str, str] | None, state: str | None = None, *, task_state: str | None = None
) -> None:
    """Give a task up: keep the state, or take `state`, and keep the reason where people see it."""
    fault = {**(error or {}), "at": timezone.now().isoformat(timespec="seconds")}
    change(row, **_into(row, state), task_state=task_state, fault=fault)


def clear_task(row: Subject, state: str | None = None) -> None:
    """Give a task up without a fault: keep the state, or take `state`."""
    change(row, **_into(row, state), task_state=None)


def _into(row: Subject, state: str | None) -> dict[str, Any]:
    """Return the fields of a state, with what follows from it where it is another than now."""
    if state is None or state == kinds.state_of(row):
        return {}
    return {row.STATE: state, **kinds.kind_of(row).state_columns(row, state)}
