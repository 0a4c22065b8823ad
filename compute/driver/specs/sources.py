"""Sources of disks: files, block devices and network storage."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A file on the host."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSource:
    """A block device on the host, a logical volume for example."""

    device: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageHost:
    """A server of network storage, a Ceph monitor for example."""

    name: str
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAuth:
    """The user name for network storage, and the uuid of the libvirt secret that holds the key."""

    username: str
    secret_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSource:
    """An image on network storage; for RBD `name` is "pool/image"."""

    protocol: Literal["rbd", "iscsi", "nbd"]
    name: str
    hosts: tuple[StorageHost, ...]
    auth: StorageAuth | None = None


DiskSource = FileSource | BlockSource | NetworkSource


def label(source: DiskSource) -> str:
    """Return the path or name of the source."""
    match source:
        case FileSource(path=path):
            return str(path)
        case BlockSource(device=device):
            return str(device)
        case NetworkSource(name=name):
            return name
