"""Writes the audit log."""

from typing import Any

from accounts.context import Context
from accounts.models import AuditEvent


def record(
    context: Context | None,
    action: str,
    *,
    outcome: str = AuditEvent.Outcome.SUCCEEDED,
    target_type: str = "",
    target_id: str = "",
    target_name: str = "",
    project_id: str | None = None,
    address: str | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Add one line. Call it inside the transaction of the change, so that neither is there without the other.

    Without a context the change is Meridian's own (a guest that died, a sweep); `address` is whence it was caused.
    """
    project = context.project.id if context and context.project else ""
    return AuditEvent.objects.create(
        user_id=context.user.id if context else "",
        user_name=context.user.name if context else "",
        project_id=project if project_id is None else project_id,
        action=action,
        target_type=target_type,
        target_id=target_id,
        target_name=target_name,
        outcome=outcome,
        detail=detail or {},
        address=context.address if context else address,
        request_id=context.request_id if context else "",
    )
