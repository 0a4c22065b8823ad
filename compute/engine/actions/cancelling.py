"""Cancellation of operations: when they can still be undone, and who may cancel them."""

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
    """Request that one operation is undone, and return it. Needs the rule of its action.

    Raise NotFound, Forbidden, or Conflict if it cannot be cancelled.
    """
    operation = Operation.objects.reach(context, pk=operation_id)
    row = _subjects([operation]).get(operation.subject_id)
    if error := _refusal(context, operation, row):
        raise error
    _request_undo(operation)
    auditing.record_request(context, "operation.cancel", operation)
    return operation


def cancellable(context: Context, rows: Iterable[Operation]) -> set[UUID]:
    """Return the ids of those operations that the asker may cancel now. Costs one query a noun."""
    candidates = [row for row in rows if row.state in Operation.OPEN and not cancel_refusal(row)]
    subjects = _subjects(candidates)
    return {
        operation.pk
        for operation in candidates
        if _refusal(context, operation, subjects.get(operation.subject_id)) is None
    }


def cancel_current(row: Subject) -> Operation:
    """Request that the row's open operation is undone, and return it. Raise Conflict if it cannot be cancelled."""
    operation = row.open_operation
    if operation is None:
        raise Conflict(_("Nothing is being done to it now."))
    if reason := cancel_refusal(operation):
        raise Conflict(reason)
    _request_undo(operation)
    return operation


def cancel_refusal(operation: Operation) -> str:
    """Return why the operation cannot be cancelled; empty if it can."""
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


def _request_undo(operation: Operation) -> None:
    if not operations.cancel_unless(operation, _final_steps(operation)):
        raise Conflict(_("It has gone too far to be cancelled."))


def _refusal(context: Context, operation: Operation, row: Subject | None) -> MeridianError | None:
    """Return why the asker may not cancel the operation now; None if they may."""
    if row is None:
        return NotFound()
    if action := registry.find(operation.kind):
        rule = action.rule(context, row)
        if not policy.allows(context, rule):
            return Forbidden.needing(policy.required_role(rule))
        if not action.opens_locks and (locked := action.kind.lock(context, row)):
            return Conflict(locked)
    reason = cancel_refusal(operation)
    return Conflict(reason) if reason else None


def _subjects(rows: Iterable[Operation]) -> dict[UUID, Subject]:
    """Return {id: subject} of the operations."""
    ids_by_noun = defaultdict(list)
    for operation in rows:
        ids_by_noun[operation.subject_type].append(operation.subject_id)
    subjects: dict[UUID, Subject] = {}
    for noun, ids in ids_by_noun.items():
        if kind := kinds.registered().get(noun):
            subjects |= kind.model._default_manager.in_bulk(ids)
    return subjects


def _final_steps(operation: Operation) -> list[str]:
    """Return the names of the first final step and of those after it."""
    action = registry.find(operation.kind)
    steps = action.steps if action else ()
    return [step.name for step in dropwhile(lambda step: not step.final, steps)]
