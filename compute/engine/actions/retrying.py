"""Retries of stuck operations."""

from uuid import UUID

from django.db import transaction

from accounts import policy
from accounts.context import Context
from compute.engine import operations
from compute.engine.actions import auditing
from compute.engine.models import Operation


@transaction.atomic
def retry(context: Context, operation_id: UUID | str) -> Operation:
    """Request that a stuck operation is undone once more, and return it.

    Raise Forbidden, NotFound, or Conflict if it is not stuck or its rows have changed since.
    """
    policy.enforce(context, "operation:retry")
    operation = Operation.objects.reach(context, pk=operation_id)
    operations.retry_stuck(operation)
    auditing.record_request(context, "operation.retry", operation)
    return operation
