"""The only writer of a subject's state, task and fault."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from compute.engine import kinds
from compute.engine.models import Subject
from compute.engine.services import broadcast


def change(row: Subject, **fields: Any) -> None:
    """Write columns of the row, raise its version, and announce the change to open pages after commit.

    The time of the last change moves if the APIs show one of the columns.
    """
    is_shown = not fields.keys() <= kinds.kind_of(row).unshown
    moved = {"updated_at": timezone.now()} if is_shown or not fields else {}
    type(row)._default_manager.filter(pk=row.pk).update(**fields, **moved, version=F("version") + 1)
    for name, value in fields.items():
        setattr(row, name, value)
    broadcast.changed(row)


def set_task(row: Subject, task_state: str) -> None:
    change(row, task_state=task_state)


def settle(row: Subject, state: str, *, task_state: str | None = None, **fields: Any) -> None:
    """Put the row into `state` and clear its fault. `task_state` is that of the next operation, if one waits."""
    derived = dict(kinds.kind_of(row).state_columns(row, state))
    change(row, **{row.STATE: state, "task_state": task_state}, **({"fault": None} | derived | fields))


def fail(
    row: Subject, error: dict[str, str] | None, state: str | None = None, *, task_state: str | None = None
) -> None:
    """End the row's task with a fault, unless its kind keeps an earlier one. Keep the state, or set `state`."""
    if row.fault and kinds.kind_of(row).keeps_fault(row):
        fault = row.fault
    else:
        fault = {**(error or {}), "at": timezone.now().isoformat(timespec="seconds")}
    change(row, **_state_columns(row, state), task_state=task_state, fault=fault)


def clear_task(row: Subject, state: str | None = None) -> None:
    """End the row's task without a fault. Keep the state, or set `state`."""
    change(row, **_state_columns(row, state), task_state=None)


def _state_columns(row: Subject, state: str | None) -> dict[str, Any]:
    """Return the columns of a new state, with those that follow from it; none if it is the present one."""
    if state is None or state == kinds.state_of(row):
        return {}
    return {row.STATE: state, **kinds.kind_of(row).state_columns(row, state)}
