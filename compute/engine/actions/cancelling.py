"""Cancelling what runs: when an operation can still be undone, and by whom."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import dropwhile
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Forbidden, MeridianError, NotFound
from compute.engine import kinds, operations
from compute.engine.actions import auditing, registry
from compute.engine.models import Operation, Subject


@transaction.atomic
def cancel(context: Context, operation_id: UUID | str) -> Operation:
    """Have one operation undone; return it.

    Whoever may begin its action may cancel it. Raise NotFound, Forbidden, Conflict saying why it cannot be.
    """
    operation = Operation.objects.reach(context, pk=operation_id)
    row = _subjects([operation]).get(operation.subject_id)
    if error := _refusal(context, operation, row):
        raise error
    _ask(operation)
    auditing.asked(context, "operation.cancel", operation)
    return operation


def cancellable(context: Context, rows: Iterable[Operation]) -> set[UUID]:
    """Return the ids of those operations that the asker may cancel now. Costs one query a noun."""
    found = [operation for operation in rows if operation.state in Operation.OPEN and not too_late(operation)]
    subjects = _subjects(found)
    return {
        operation.pk
        for operation in found
        if _refusal(context, operation, subjects.get(operation.subject_id)) is None
    }


def cancel_current(row: Subject) -> Operation:
    """Have what is being done to the row undone. Raise Conflict saying why it cannot be."""
    operation = row.open_operation
    if operation is None:
        raise Conflict(_("Nothing is being done to it now."))
    if reason := too_late(operation):
        raise Conflict(reason)
    _ask(operation)
    return operation


def too_late(operation: Operation) -> str:
    """Return why the operation cannot be cancelled; empty when it can."""
    if operation.state not in Operation.OPEN:
        return _("It has ended already.")
    if operation.cancel_requested or operation.state == Operation.State.UNDOING:
        return _("It is being undone already.")
    action = registry.find(operation.kind)
    if action is None or not action.cancellable:
        return _("This cannot be cancelled.")
    if operation.step in _final_steps(operation):
        return _("It has gone too far to be cancelled.")
    return ""


def _ask(operation: Operation) -> None:
    if not operations.cancel_unless(operation, _final_steps(operation)):
        raise Conflict(_("It has gone too far to be cancelled."))


def _refusal(context: Context, operation: Operation, row: Subject | None) -> MeridianError | None:
    """Return why the asker may not cancel the operation now; None when they may."""
    if row is None:
        return NotFound()
    if action := registry.find(operation.kind):
        rule = action.rule(context, row)
        if not policy.allows(context, rule):
            return Forbidden.needing(policy.required_role(rule))
        if not action.opens_locks and (locked := action.kind.lock(context, row)):
            return Conflict(locked)
    reason = too_late(operation)
    return Conflict(reason) if reason else None


def _subjects(rows: Iterable[Operation]) -> dict[UUID, Subject]:
    """Id → row of what the operations were asked for."""
    keys = defaultdict(list)
    for operation in rows:
        keys[operation.subject_type].append(operation.subject_id)
    found: dict[UUID, Subject] = {}
    for noun, wanted in keys.items():
        if kind := kinds.known().get(noun):
            found |= kind.model._default_manager.in_bulk(wanted)
    return found


def _final_steps(operation: Operation) -> list[str]:
    """The names of the first step that cannot be undone and of those after it."""
    action = registry.find(operation.kind)
    steps = action.steps if action else ()
    return [step.name for step in dropwhile(lambda step: not step.final, steps)]
