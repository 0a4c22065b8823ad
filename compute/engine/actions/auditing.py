"""Audit events about operations."""

from accounts.context import Context
from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine.models import Operation

_OUTCOMES = {
    Operation.State.SUCCEEDED: AuditEvent.Outcome.SUCCEEDED,
    Operation.State.FAILED: AuditEvent.Outcome.FAILED,
    Operation.State.CANCELLED: AuditEvent.Outcome.FAILED,
    Operation.State.STUCK: AuditEvent.Outcome.FAILED,
}


def record_request(context: Context, action: str, operation: Operation) -> None:
    """Record that the asker requested to cancel or retry the operation."""
    target = audit.Target(
        type=operation.subject_type,
        id=str(operation.subject_id),
        name=operation.subject_name,
        project_id=operation.project_id or "",
    )
    audit.record(context, action, target, operation=str(operation.pk), kind=operation.kind)


def record_end(operation: Operation) -> None:
    """Record how the operation ended, under the user who requested it."""
    user = operation.user
    AuditEvent.objects.create(
        user_id=user.id if user else "",
        user_name=user.name if user else "",
        project_id=operation.project_id or "",
        action=operation.kind,
        target_type=operation.subject_type,
        target_id=str(operation.subject_id),
        target_name=operation.subject_name,
        outcome=_OUTCOMES[Operation.State(operation.state)],
        detail={"operation": str(operation.pk), **({"error": operation.error} if operation.error else {})},
        request_id=operation.request_id,
    )
