"""Definitions of internal snapshots."""

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
    """A snapshot. libvirt also requires the guest's own definition, to be appended as libvirt wrote it."""

    TAG: ClassVar[str] = "domainsnapshot"
    name: str = leaf()
    state: str = leaf(default="shutoff")
    creation_time: int = leaf("creationTime")
    disks: SnapshotDisks


def snapshot_record(label: str, targets: Iterable[str], internal: Container[str]) -> Snapshot:
    """Return the definition of an existing snapshot of the disks `internal`; the others have none."""
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
