"""Total disk sizes of instances and flavors: root, ephemeral and swap disks, in whole GiB."""

from collections.abc import Callable
from typing import Protocol

from django.db.models import F
from django.db.models.expressions import Combinable


def total_gib_by(column: Callable[[str], Combinable]) -> Combinable:
    """Return the total as an expression for the database, where whole numbers divide to whole numbers."""
    return column("disk_gib") + column("ephemeral_gib") + (column("swap_mib") + 1023) / 1024


TOTAL_GIB = total_gib_by(F)


class Sizes(Protocol):
    """A row with the sizes of disks."""

    disk_gib: int
    ephemeral_gib: int
    swap_mib: int


def total_gib(sizes: Sizes) -> int:
    """Return the total GiB of the row's disks."""
    return sizes.disk_gib + sizes.ephemeral_gib + -(-sizes.swap_mib // 1024)
