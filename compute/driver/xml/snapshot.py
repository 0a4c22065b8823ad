"""Kept states of a guest's disks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from .element import Element, attribute, leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDisk(Element):
    TAG: ClassVar[str] = "disk"
    name: str = attribute()
    snapshot: Literal["internal", "no"] = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDisks(Element):
    TAG: ClassVar[str] = "disks"
    disks: tuple[SnapshotDisk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Element):
    TAG: ClassVar[str] = "domainsnapshot"
    name: str = leaf()
    disks: SnapshotDisks


def internal_snapshot(name: str, targets: Iterable[str], kept: str) -> Snapshot:
    """A snapshot inside the file of the disk `kept`; the guest's other disks are left out."""
    return Snapshot(
        name=name,
        disks=SnapshotDisks(
            disks=tuple(
                SnapshotDisk(name=target, snapshot="internal" if target == kept else "no")
                for target in targets
            )
        ),
    )
