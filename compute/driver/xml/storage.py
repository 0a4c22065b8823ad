"""Definitions of pools and volumes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .element import Element, attribute, leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTarget(Element):
    TAG: ClassVar[str] = "target"
    path: str = leaf()


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryPool(Element):
    """A pool that is a folder of files."""

    TAG: ClassVar[str] = "pool"
    type: str = attribute(default="dir")
    name: str = leaf()
    target: PoolTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(Element):
    TAG: ClassVar[str] = "format"
    type: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeTarget(Element):
    """A volume's format. `compat` is 1.1, as QEMU's: libvirt's 0.10 cannot be resized while it has a snapshot."""

    TAG: ClassVar[str] = "target"
    format: Format
    compat: str | None = leaf()


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeBacking(Element):
    TAG: ClassVar[str] = "backingStore"
    path: str = leaf()
    format: Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Element):
    """A volume; `capacity` is in bytes."""

    TAG: ClassVar[str] = "volume"
    name: str = leaf()
    capacity: int = leaf()
    target: VolumeTarget
    backing: VolumeBacking | None = None


def directory_pool(name: str, path: Path) -> DirectoryPool:
    """Return a directory pool in the folder `path`."""
    return DirectoryPool(name=name, target=PoolTarget(path=str(path)))


def empty_volume(name: str, capacity: int) -> Volume:
    """Return an empty qcow2 volume without a backing image."""
    return Volume(
        name=name, capacity=capacity, target=VolumeTarget(format=Format(type="qcow2"), compat="1.1")
    )


def overlay_volume(name: str, capacity: int, base: Path, base_format: str) -> Volume:
    """Return a qcow2 overlay of `base`."""
    return Volume(
        name=name,
        capacity=capacity,
        target=VolumeTarget(format=Format(type="qcow2"), compat="1.1"),
        backing=VolumeBacking(path=str(base), format=Format(type=base_format)),
    )
