"""How much disk an instance or a flavor takes in all: root, ephemeral and swap disks, in whole GiB."""

from typing import Protocol

from django.db.models import F

TOTAL_GIB = F("disk_gib") + F("ephemeral_gib") + (F("swap_mib") + 1023) / 1024
"""The same in the database, where whole numbers divide to whole numbers."""


class Sizes(Protocol):
    """A row with the sizes of disks."""

    disk_gib: int
    ephemeral_gib: int
    swap_mib: int


def total_gib(sizes: Sizes) -> int:
    """Return the GiB that its disks take together."""
    return sizes.disk_gib + sizes.ephemeral_gib + -(-sizes.swap_mib // 1024)
