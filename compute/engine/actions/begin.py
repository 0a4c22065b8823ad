"""Begins an action: rule, state, quota, rows, holds, operation and audit in one transaction."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.context import Context
from accounts.errors import NotFound
from accounts.models import AuditEvent, Project
from accounts.services import audit
from compute.engine import operations
from compute.engine.actions import registry
from compute.engine.actions.idempotency import kept_key, repeated
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
    """Begin the action called `noun.verb`; return its operation, or None for one that is done at once.

    The same idempotency key for the same action and row returns the first operation again. `only` must still be
    true of the row once it is locked; `reason` tells the audit log why Meridian itself begins it.
    Raise NotFound (also for a foreign row), Forbidden, Conflict when the state does not allow it, OverQuota, BadInput.

    Locks are taken in one order everywhere: project, instance, volume, snapshot, image, network, port, host, operation.
    """
    action = registry.find(name)
    if action is None:
        raise NotFound
    rows: Any = action.kind.model._default_manager.filter(only or Q())
    rows = rows.filter(**{f"{action.kind.model.STATE}__in": action.kind.reachable})
    if action.reserves and (project_id := rows.reach(context, pk=row_id).project_id):
        Project.objects.select_for_update().get(pk=project_id)
    row = rows.select_for_update(of=("self",)).reach(context, pk=row_id)
    key = kept_key(idempotency_key and f"{name} {row.pk} {idempotency_key}")
    error = refusal(context, action, row)
    if key and (error is None or error.status != 403) and (first := repeated(row.project_id, key)):
        return first
    if error is not None:
        raise error
    action = action.redirect(row)
    before = row.name
    kept = action.prepare(context, row, parameters or {})
    operation = None
    if action.move is not None:
        if action.move.interrupts:
            operations.cancel(row)
        transitions.task(row, action.move.task)
        operation = operations.enqueue(
            context,
            action.name,
            row,
            parameters=kept,
            hidden=action.hidden(parameters or {}),
            idempotency_key=key,
            also=action.also(row, kept),
            sharing=action.sharing(row, kept),
        )
    audit.record(
        context,
        action.name,
        outcome=AuditEvent.Outcome.REQUESTED if operation else AuditEvent.Outcome.SUCCEEDED,
        target_type=action.noun,
        target_id=str(row.pk),
        target_name=before,
        project_id=row.project_id or "",
        detail=kept | ({"reason": reason} if reason else {}),
    )
    return operation
