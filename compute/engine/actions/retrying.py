"""Has a stuck operation undone once more."""

from uuid import UUID

from django.db import transaction

from accounts import policy
from accounts.context import Context
from accounts.services import audit
from compute.engine import operations
from compute.engine.models import Operation


@transaction.atomic
def retry(context: Context, operation_id: UUID | str) -> Operation:
    """Undo it once more; return it. Raise Forbidden, NotFound, Conflict when it is not stuck or too much has changed."""
    policy.enforce(context, "operation:retry")
    operation = Operation.objects.reach(context, pk=operation_id)
    operations.retry_stuck(operation)
    audit.record(
        context,
        "operation.retry",
        audit.Target(
            type=operation.subject_type,
            id=str(operation.subject_id),
            name=operation.subject_name,
            project_id=operation.project_id or "",
        ),
        operation=str(operation.pk),
        kind=operation.kind,
    )
    return operation
