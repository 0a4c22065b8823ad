"""Locks on the rows of an operation, in the order of all locks."""

from accounts.locking import lock_all
from compute.engine import kinds
from compute.engine.models import Operation


def lock_rows(operation: Operation) -> None:
    """Lock every row that the operation occupies, in the order of locks (`compute.engine.kinds.Kind.rank`)."""
    by_noun = kinds.registered()
    held = [
        (by_noun[hold.resource_type], hold.resource_id)
        for hold in operation.held
        if not hold.shared and hold.resource_type in by_noun
    ]
    for kind, key in sorted(held, key=lambda row: (row[0].rank, row[1])):
        lock_all(kind.model._default_manager.select_for_update().filter(pk=key))
