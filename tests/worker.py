"""A worker of our own, for tests that need no process of one: it does what is due at once."""

from django.utils import timezone

from compute.engine import operations
from compute.engine.models import Operation


def work(*kinds: str) -> None:
    """Do all that is due, as workers would; only operations of these kinds, if any are given."""
    rows = operations.due().filter(kind__in=kinds) if kinds else operations.due()
    while due := rows.first():
        operations.execute(str(due.pk))


def run(operation: Operation) -> Operation:
    """Take the operation up now, whenever it is due; return its row afterwards."""
    Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now())
    operations.execute(str(operation.pk))
    return Operation.objects.get(pk=operation.pk)
