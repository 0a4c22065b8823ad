"""A folder of disk files, as a libvirt storage pool."""

from collections.abc import Callable
from pathlib import Path

from .specs import DiskFormat, PoolFacts, VolumeFacts


class Pool:
    """One directory pool on one hypervisor."""

    def __init__(self, uri: str, name: str, path: Path) -> None:
        self.uri, self.name, self.path = uri, name, path

    def ensure(self) -> None:
        """Define, build, start and autostart the pool; what is right already is left alone."""
        raise NotImplementedError

    def facts(self) -> PoolFacts:
        """How full the pool is. Raises StorageNotFound."""
        raise NotImplementedError

    def volumes(self) -> list[VolumeFacts]:
        """Every whole volume; unfinished `.part` files are left out."""
        raise NotImplementedError

    def volume(self, name: str) -> VolumeFacts | None:
        """One volume, or None."""
        raise NotImplementedError

    def volume_path(self, name: str) -> Path:
        """Where a volume of this name is or would be. Raises DriverError if it is no plain file name."""
        raise NotImplementedError

    def import_file(
        self,
        name: str,
        source: Path,
        format: DiskFormat,  # noqa: A002 - libvirt's word
        progress: Callable[[int, int], None],
    ) -> VolumeFacts:
        """Copy `source` in as `name`; `progress(done, total)` counts bytes. Already there is success."""
        raise NotImplementedError

    def create_overlay(self, name: str, base_name: str, size_bytes: int) -> VolumeFacts:
        """A qcow2 volume over `base_name`. Already there over the same base is success, else Conflict."""
        raise NotImplementedError

    def write_bytes(self, name: str, data: bytes) -> VolumeFacts:
        """A raw volume holding `data`, replacing an older one whole."""
        raise NotImplementedError

    def delete(self, name: str) -> None:
        """Delete a volume and any unfinished copy of it; already gone is success."""
        raise NotImplementedError
