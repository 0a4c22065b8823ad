"""Locks on the rows of an operation, in the order of all locks."""

from compute.engine import kinds
from compute.engine.models import Operation


def lock_rows(operation: Operation) -> None:
    """Lock every row that the operation occupies, in the order of locks (`compute.engine.kinds.Kind.rank`)."""
    by_noun = kinds.registered()
    holds = operation.holds.filter(shared=False, resource_type__in=by_noun)
    pairs = holds.values_list("resource_type", "resource_id")
    for noun, key in sorted(pairs, key=lambda hold: (by_noun[hold[0]].rank, hold[1])):
        rows = by_noun[noun].model._default_manager.filter(pk=key)
        list(rows.select_for_update().values_list("pk"))
