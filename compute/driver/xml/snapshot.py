"""The record by which libvirt knows a snapshot inside a disk."""

from collections.abc import Container, Iterable
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
    """libvirt wants the guest's whole definition besides, which only it can write."""

    TAG: ClassVar[str] = "domainsnapshot"
    name: str = leaf()
    state: str = leaf(default="shutoff")
    creation_time: int = leaf("creationTime")
    disks: SnapshotDisks


def snapshot_record(label: str, targets: Iterable[str], internal: Container[str]) -> Snapshot:
    """Return the record of a snapshot that is inside the disks `inside` already; the others cannot have one."""
    return Snapshot(
        name=label,
        creation_time=1,
        disks=SnapshotDisks(
            disks=tuple(
                SnapshotDisk(name=target, snapshot="internal" if target in internal else "no")
                for target in targets
            )
        ),
    )
