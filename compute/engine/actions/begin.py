"""The beginning of actions: rule, state, quota, rows, holds, operation and audit in one transaction."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context, system_context
from accounts.errors import Conflict, NotFound
from accounts.locking import lock_all
from accounts.models import AuditEvent, Project
from accounts.services import audit
from compute.engine import kinds, operations
from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.actions.idempotency import find_operation, hash_key
from compute.engine.actions.permitted import refusal
from compute.engine.models import Operation, Subject
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
    holders = _lock_holders(context, action, rows, row_id, parameters or {})
    row = rows.select_for_update(of=("self",)).reach(context, pk=row_id)
    key = hash_key(idempotency_key and f"{name} {row.pk} {idempotency_key}")
    error = refusal(context, action, row)
    if key and (error is None or error.status != 403) and (first := find_operation(row.project_id, key)):
        return first
    if error is not None:
        raise error
    if holders and _holders(context, action, row, parameters or {}) != holders:
        raise Conflict(_("It is just being changed by somebody else. Try again."))
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
            also=[*holders, *action.also(row, prepared)],
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


def _lock_holders(
    context: Context, action: Action, rows: Any, row_id: UUID | str, parameters: dict[str, Any]
) -> list[Subject]:
    """Lock what holds the row, before the row itself is locked. Return it."""
    if type(action).holders is Action.holders:
        return []
    row = rows.reach(context, pk=row_id)
    policy.enforce(context, action.rule(context, row))
    holders = _holders(context, action, row, parameters)
    for holder in sorted(holders, key=lambda holder: (kinds.kind_of(holder).rank, holder.pk)):
        lock_all(type(holder)._default_manager.select_for_update().filter(pk=holder.pk))
    return holders


def _holders(context: Context, action: Action, row: Any, parameters: dict[str, Any]) -> list[Subject]:
    return list(action.holders(context, row, parameters))


def try_begin(name: str, row_id: UUID | str, *, only: Q, reason: str) -> bool:
    """Begin an action as Meridian itself on a row without a task. Return whether it has begun.

    A row that does not allow it, since its state has just changed, is no error.
    """
    try:
        begin(system_context(), name, row_id, only=only & Q(task_state=None), reason=reason)
    except (NotFound, Conflict):
        return False
    return True
