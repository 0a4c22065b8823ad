"""What every kind of pool can do, whether its volumes are files, logical volumes or RBD images."""

from pathlib import Path
from typing import Protocol

from ..files import Progress
from ..specs import DiskFormat, PoolFacts, VolumeFacts
from ..specs.sources import DiskSource
from .formatting import Formatter


class SnapshotHolder(Protocol):
    """A guest that may have a volume open, so that only its QEMU can change the volume's snapshots."""

    def delete_disk_snapshot(self, source: DiskSource, label: str) -> None:
        """Delete a snapshot inside the disk that lies at `source`."""


class Pool(Protocol):
    """A place for volumes on one hypervisor, or shared by several. Methods raise DriverError.

    Each can be repeated: what is done already is success. A volume is reached by guests through `source_of`.
    """

    def ensure(self) -> None:
        """Make the pool usable. Raise Conflict when another pool has its name."""

    def facts(self) -> PoolFacts:
        """Return how full the pool is."""

    def list(self) -> list[VolumeFacts]:
        """Return every whole volume."""

    def stat(self, name: str) -> VolumeFacts | None:
        """Return one volume, or None."""

    def source_of(self, name: str) -> DiskSource:
        """Return where a volume of this name is or would be. Raise DriverError for a name it cannot have."""

    def create(self, name: str, size_bytes: int) -> VolumeFacts:
        """Make an empty volume in place of one that has the name. Raise StorageFull."""

    def fill(self, name: str, size_bytes: int, formatter: Formatter) -> VolumeFacts:
        """Make a volume that is formatted; there already is success. Raise StorageFull."""

    def overlay(
        self, name: str, base_name: str, size_bytes: int, base_format: DiskFormat = "qcow2"
    ) -> VolumeFacts:
        """Make a volume over another, which is never written again. Raise Conflict when it lies over something else."""

    def copy(self, name: str, target_name: str, progress: Progress) -> VolumeFacts:
        """Copy a volume that no guest has open."""

    def import_file(self, name: str, source: Path, format: DiskFormat, progress: Progress) -> VolumeFacts:  # noqa: A002 - libvirt's word
        """Copy a file in as a volume. Raise StorageFull, and Conflict when it proves to be of another format."""

    def export(self, name: str, target: Path, progress: Progress) -> None:
        """Turn a volume into a file outside the pool; the volume is gone afterwards. Raise StorageFull."""

    def write(self, name: str, data: bytes) -> VolumeFacts:
        """Make a raw volume that holds `data`, in place of one that has the name."""

    def resize(self, name: str, size_bytes: int) -> None:
        """Make a volume larger. Raise StorageNotFound, StorageFull."""

    def rename(self, name: str, target_name: str) -> None:
        """Let a volume take the place of another."""

    def delete(self, name: str) -> None:
        """Delete a volume and any unfinished copy of it."""

    def snapshot(self, name: str, label: str) -> None:
        """Keep the state of a volume that no guest has open. Raise StorageNotFound, GuestBusy."""

    def revert(self, name: str, label: str) -> None:
        """Give a volume its state and size of then, if that was kept. Raise GuestBusy."""

    def delete_snapshot(self, name: str, label: str, guest: SnapshotHolder) -> None:
        """Delete a kept state, also while `guest` runs from the volume."""
