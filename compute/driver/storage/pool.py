"""The interface of storage pools, whether their volumes are files, logical volumes or RBD images."""

from pathlib import Path
from typing import Protocol

from ..files import Progress, Source
from ..specs import BackingSpec, DiskFormat, PoolFacts, VolumeFacts
from ..specs.sources import DiskSource
from .formatting import Formatter


class SnapshotHolder(Protocol):
    """A guest that may have a volume open, so that only its QEMU can delete the volume's snapshots."""

    def delete_disk_snapshot(self, source: DiskSource, label: str) -> None:
        """Delete an internal snapshot of the disk at `source`."""


class Pool(Protocol):
    """A storage pool of one hypervisor, or shared by several. Methods raise DriverError.

    They are idempotent. Guests have volumes as disks by `source_of`.
    """

    def ensure(self, *, new: bool = True) -> None:
        """Make the pool usable. Raise Conflict when another pool has its name, StorageNotFound unless it may be new."""

    def forget(self) -> None:
        """Remove the pool, which is empty, but no file system that it lies on. Removed is success."""

    def facts(self) -> PoolFacts:
        """Return size and usage of the pool."""

    def list(self) -> list[VolumeFacts]:
        """Return every complete volume."""

    def stat(self, name: str) -> VolumeFacts | None:
        """Return one volume, or None."""

    def source_of(self, name: str) -> DiskSource:
        """Return the source of a volume, which need not exist. Raise DriverError for an invalid name."""

    def create(self, name: str, size_bytes: int) -> VolumeFacts:
        """Create an empty volume, in place of one of this name. Raise StorageFull."""

    def fill(self, name: str, size_bytes: int, formatter: Formatter) -> VolumeFacts:
        """Create a formatted volume. An existing one is success. Raise StorageFull."""

    def overlay(
        self, name: str, base_name: str, size_bytes: int, base_format: DiskFormat = "qcow2"
    ) -> VolumeFacts:
        """Create an overlay of a volume, which is never written again. Raise Conflict if it has another base."""

    def clone(self, name: str, source: BackingSpec, size_bytes: int, progress: Progress) -> VolumeFacts:
        """Create a volume of its own with the content of layers that nobody writes. Raise StorageFull."""

    def rebase(self, name: str, base_name: str | None, base_format: DiskFormat, progress: Progress) -> None:
        """Put a volume that no guest has open over another base, with the same content. Raise StorageFull."""

    def copy(self, name: str, target_name: str, progress: Progress) -> VolumeFacts:
        """Copy a volume that no guest has open."""

    def import_file(self, name: str, source: Source, format: DiskFormat, progress: Progress) -> VolumeFacts:  # noqa: A002 - libvirt's word
        """Copy a file into the pool as a volume. Raise StorageFull, and Conflict if it has another format."""

    def convert_file(self, name: str, source: Source, format: str, progress: Progress) -> VolumeFacts:  # noqa: A002 - libvirt's word
        """Convert an image file of another format into a qcow2 volume. Raise StorageFull."""

    def export(self, name: str, target: Path, progress: Progress) -> None:
        """Move a volume to a file outside the pool. Raise StorageFull."""

    def write(self, name: str, data: bytes) -> VolumeFacts:
        """Write a raw volume with `data`, in place of one of this name. Raise StorageFull."""

    def resize(self, name: str, size_bytes: int) -> None:
        """Enlarge a volume. Raise StorageNotFound, StorageFull."""

    def rename(self, name: str, target_name: str) -> None:
        """Rename a volume, in place of one of the new name."""

    def delete(self, name: str) -> None:
        """Delete a volume and its partial files."""

    def snapshot(self, name: str, label: str) -> None:
        """Create a snapshot of a volume that no guest has open. Raise StorageNotFound, GuestBusy."""

    def revert(self, name: str, label: str) -> None:
        """Revert a volume to a snapshot, if it exists. Raise StorageNotFound, GuestBusy."""

    def delete_snapshot(self, name: str, label: str, guest: SnapshotHolder) -> None:
        """Delete a snapshot, also while `guest` has the volume open."""
