"""The one order in which rows are locked."""

from compute.engine import kinds
from compute.engine.models import Operation


def lock_rows(operation: Operation) -> None:
    """Lock every row that the operation occupies, in the one order of locks (`compute.engine.kinds.Kind.rank`)."""
    known = kinds.registered()
    held = operation.holds.filter(shared=False, resource_type__in=known)
    pairs = held.values_list("resource_type", "resource_id")
    for noun, key in sorted(pairs, key=lambda hold: (known[hold[0]].rank, hold[1])):
        rows = known[noun].model._default_manager.filter(pk=key)
        list(rows.select_for_update().values_list("pk"))
