"""Definitions of backups and of checkpoints, from which later backups copy only what changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from .element import Element, attribute, leaf
from .snapshot import DriverFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Element):
    TAG: ClassVar[str] = "target"
    file: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDisk(Element):
    TAG: ClassVar[str] = "disk"
    name: str = attribute()
    backup: Literal["yes", "no"] = attribute()
    type: Literal["file"] | None = attribute()
    target: Target | None = None
    driver: DriverFormat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDisks(Element):
    TAG: ClassVar[str] = "disks"
    disks: tuple[BackupDisk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Element):
    """A backup that QEMU writes to a file, of all data or of what changed since the checkpoint `incremental`."""

    TAG: ClassVar[str] = "domainbackup"
    mode: Literal["push"] = attribute(default="push")
    incremental: str | None = leaf()
    disks: BackupDisks


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointDisk(Element):
    TAG: ClassVar[str] = "disk"
    name: str = attribute()
    checkpoint: Literal["bitmap", "no"] = attribute()
    bitmap: str | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointDisks(Element):
    TAG: ClassVar[str] = "disks"
    disks: tuple[CheckpointDisk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint(Element):
    """A moment from which QEMU records what is written. To define one again, libvirt requires the guest's definition
    too, to be appended as libvirt wrote it.
    """

    TAG: ClassVar[str] = "domaincheckpoint"
    name: str = leaf()
    creation_time: int | None = leaf("creationTime")
    disks: CheckpointDisks


def backup(target: str, file: Path, targets: Iterable[str], since: str | None) -> Backup:
    """Return the definition of a backup of the disk `target`, one of `targets`, to a new qcow2 file."""
    copied = BackupDisk(
        name=target,
        backup="yes",
        type="file",
        target=Target(file=str(file)),
        driver=DriverFormat(type="qcow2"),
    )
    left = (BackupDisk(name=name, backup="no") for name in targets if name != target)
    return Backup(incremental=since, disks=BackupDisks(disks=(copied, *left)))


def checkpoint(name: str, target: str, targets: Iterable[str], *, exists: bool = False) -> Checkpoint:
    """Return the definition of a checkpoint of the disk `target`, one of `targets`; `exists` if the disk has it."""
    recorded = CheckpointDisk(name=target, checkpoint="bitmap", bitmap=name)
    left = (CheckpointDisk(name=other, checkpoint="no") for other in targets if other != target)
    return Checkpoint(
        name=name,
        creation_time=1 if exists else None,
        disks=CheckpointDisks(disks=(recorded, *left)),
    )
