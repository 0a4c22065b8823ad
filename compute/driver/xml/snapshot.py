"""Definitions of snapshots."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..specs.sources import DiskSource, FileSource
from .disks import Format, Source, kind
from .element import Element, attribute, leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDisk(Element):
    TAG: ClassVar[str] = "disk"
    name: str = attribute()
    snapshot: Literal["internal", "no"] = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFormat(Format):
    TAG: ClassVar[str] = "driver"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalDisk(Element):
    """A disk that goes on in another file."""

    TAG: ClassVar[str] = "disk"
    name: str = attribute()
    snapshot: Literal["external"] = attribute(default="external")
    type: str = attribute()
    driver: DriverFormat
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDisks(Element):
    TAG: ClassVar[str] = "disks"
    disks: tuple[SnapshotDisk | ExternalDisk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Element):
    """The guest's memory, written to a file."""

    TAG: ClassVar[str] = "memory"
    snapshot: Literal["external"] = attribute(default="external")
    file: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSnapshot(Element):
    """A snapshot by which some disks go on in other files, and the others as they are."""

    TAG: ClassVar[str] = "domainsnapshot"
    memory: Memory | None = None
    disks: SnapshotDisks


def external_snapshot(
    tops: Mapping[str, DiskSource], targets: Iterable[str], memory: FileSource | None = None
) -> ExternalSnapshot:
    """Return the definition by which the disks `tops`, of all `targets`, go on in these new qcow2 files."""
    return ExternalSnapshot(
        memory=Memory(file=str(memory.path)) if memory else None,
        disks=SnapshotDisks(
            disks=tuple(
                _going_on(name, tops[name]) if name in tops else SnapshotDisk(name=name, snapshot="no")
                for name in targets
            )
        ),
    )


def _going_on(target: str, top: DiskSource) -> ExternalDisk:
    return ExternalDisk(
        name=target, type=kind(top), driver=DriverFormat(type="qcow2"), source=Source.from_source(top)
    )


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
