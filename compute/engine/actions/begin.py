"""The beginning of actions: rule, state, quota, rows, holds, operation and audit in one transaction."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.context import Context, system_context
from accounts.errors import Conflict, NotFound
from accounts.models import AuditEvent, Project
from accounts.services import audit
from compute.engine import operations
from compute.engine.actions import registry
from compute.engine.actions.idempotency import find_operation, hash_key
from compute.engine.actions.permitted import refusal
from compute.engine.models import Operation
from compute.engine.services import transitions


@transaction.atomic
def begin(
    context: Context,
    name: str,
    row_id: UUID | str,
    *,
    parameters: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
    only: Q | None = None,
    reason: str = "",
) -> Operation | None:
    """Begin the action called `noun.verb`. Return its operation, or None if it is done at once.

    A repeated idempotency key for the same action and row returns the first operation. `only` must still hold for the
    row once it is locked. `reason` tells the audit log why Meridian itself begins the action.
    Raise NotFound, also for another project's row, Forbidden, OverQuota, BadInput. Raise Conflict if the state does
    not allow it.

    All code takes locks in one order (`compute.engine.kinds.Kind.rank`).
    """
    action = registry.find(name)
    if action is None or not action.order:
        raise NotFound
    model = action.kind.model
    rows: Any = model._default_manager.filter(only or Q()).exclude(
        **{f"{model.STATE}__in": action.kind.deleted_states}
    )
    if action.reserves and (project_id := rows.reach(context, pk=row_id).project_id):
        Project.objects.select_for_update(no_key=True).get(pk=project_id)
    row = rows.select_for_update(of=("self",)).reach(context, pk=row_id)
    key = hash_key(idempotency_key and f"{name} {row.pk} {idempotency_key}")
    error = refusal(context, action, row)
    if key and (error is None or error.status != 403) and (first := find_operation(row.project_id, key)):
        return first
    if error is not None:
        raise error
    action = action.redirect(row)
    earlier_name = row.name
    prepared = action.prepare(context, row, parameters or {})
    operation = None
    if action.move is not None:
        if action.move.interrupts:
            operations.cancel(row)
        transitions.set_task(row, action.move.task)
        operation = operations.enqueue(
            context,
            action.name,
            row,
            parameters=prepared,
            hidden=action.hidden(parameters or {}),
            idempotency_key=key,
            also=action.also(row, prepared),
            sharing=action.sharing(row, prepared),
        )
    audit.record(
        context,
        action.name,
        audit.Target(
            type=action.noun, id=str(row.pk), name=str(earlier_name), project_id=row.project_id or ""
        ),
        outcome=AuditEvent.Outcome.REQUESTED if operation else AuditEvent.Outcome.SUCCEEDED,
        **prepared | ({"reason": reason} if reason else {}),
    )
    return operation


def try_begin(name: str, row_id: UUID | str, *, only: Q, reason: str) -> bool:
    """Begin an action as Meridian itself on a row without a task. Return whether it has begun.

    A row that does not allow it, since its state has just changed, is no error.
    """
    try:
        begin(system_context(), name, row_id, only=only & Q(task_state=None), reason=reason)
    except (NotFound, Conflict):
        return False
    return True
