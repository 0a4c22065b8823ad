"""Folders of disk files, as libvirt storage pools.

Files that we write ourselves have a hidden name, which libvirt ignores, until they are complete. A refresh of the
pool shows them to libvirt; it takes 7 ms in a folder of 200 files.
"""

import os
import time
from contextlib import suppress
from os import statvfs
from pathlib import Path

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import (
    Conflict,
    DriverError,
    GuestBusy,
    InvalidGuest,
    StorageBusy,
    StorageNotFound,
    translated,
)
from ..files import (
    Progress,
    Source,
    Stream,
    copy_atomic,
    create_atomic,
    fetch_atomic,
    move_atomic,
    part_path,
    write_atomic,
)
from ..host.folders import check_reachable, make_private_folder
from ..specs import BackingSpec, DiskFormat, PoolFacts, VolumeFacts
from ..specs.sources import FileSource
from ..xml.storage import directory_pool, empty_volume, overlay_volume
from . import qemu_img
from .formatting import Formatter
from .pool import SnapshotHolder

BUSY_SECONDS = 10.0


class DirectoryPool:
    """A directory pool on one hypervisor, which implements `storage.pool.Pool`."""

    def __init__(self, uri: str, name: str, path: Path) -> None:
        self.uri, self.name, self.path = uri, name, path

    def ensure(self, *, new: bool = True) -> None:
        """Define, start and autostart the pool, as far as necessary.

        Raise Conflict if the pool has another folder, DriverError if QEMU's user cannot reach the folder. Raise
        StorageNotFound without the folder, unless the pool may be `new`: what it lies on may not be mounted.
        """
        with translated(f"Preparing storage pool {self.name}"):
            if not new and not self.path.is_dir():
                raise StorageNotFound(f"The folder {self.path} is gone. Is its file system mounted?")
            make_private_folder(self.path)
            check_reachable(self.path)
            try:
                pool = self._pool()
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_POOL:
                    raise
                pool = connect(self.uri).storagePoolDefineXML(directory_pool(self.name, self.path).to_xml())
            path = etree.fromstring(pool.XMLDesc()).findtext("target/path")
            if path != str(self.path):
                raise Conflict(f"Storage pool {self.name} is already at {path}; choose another name.")
            if not pool.isActive():
                pool.create()
            if not pool.autostart():
                pool.setAutostart(1)

    def forget(self) -> None:
        """Undefine the pool, and remove its folder if that is empty. Removed is success."""
        with translated(f"Removing storage pool {self.name}"):
            try:
                pool = self._pool()
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_POOL:
                    raise
            else:
                if pool.isActive():
                    pool.destroy()
                pool.undefine()
        with suppress(OSError):
            self.path.rmdir()

    def facts(self) -> PoolFacts:
        """Return the present size and usage of the pool's file system; libvirt's are as old as its last refresh."""
        with translated(f"Measuring storage pool {self.name}"):
            statistics = statvfs(self.path)
        return PoolFacts(
            capacity_bytes=statistics.f_blocks * statistics.f_frsize,
            allocated_bytes=(statistics.f_blocks - statistics.f_bfree) * statistics.f_frsize,
            available_bytes=statistics.f_bavail * statistics.f_frsize,
        )

    def list(self) -> list[VolumeFacts]:
        """Return every complete volume."""
        self._refresh()
        with translated(f"Listing storage pool {self.name}"):
            volumes = self._pool().listAllVolumes()
        volume_facts = [self._facts_or_none(volume) for volume in volumes]
        return [facts for facts in volume_facts if facts is not None]

    def stat(self, name: str) -> VolumeFacts | None:
        """Return one volume, or None."""
        volume = self._volume(name)
        return None if volume is None else self._facts_or_none(volume)

    def source_of(self, name: str) -> FileSource:
        """Return the source of a volume, which need not exist. Raise DriverError if its name is no plain file name."""
        return FileSource(path=self._path(name))

    def _path(self, name: str) -> Path:
        if (
            not name
            or name.startswith(".")
            or "/" in name
            or not name.isprintable()
            or len(name.encode()) > 200
        ):
            raise DriverError(f"A volume cannot be called {name!r}; use letters, digits and hyphens.")
        return self.path / name

    def import_file(
        self,
        name: str,
        source: Source,
        format: DiskFormat,  # noqa: A002 - libvirt's word
        progress: Progress,
    ) -> VolumeFacts:
        """Copy `source` into the pool as `name`; `progress(done, total)` counts bytes. An existing one is success.

        Raise StorageFull, and Conflict if the file has another format.
        """
        target = self._path(name)
        if not target.exists():
            with translated(f"Copying {name} into storage pool {self.name}"):
                if isinstance(source, Stream):
                    fetch_atomic(source, target, progress)
                else:
                    copy_atomic(source, target, progress)
        facts = self.stat(name)
        if facts is None:
            raise StorageNotFound(
                f"Copying {name} into storage pool {self.name} failed: it was deleted meanwhile."
            )
        if format == "qcow2" and facts.format != "qcow2":
            raise Conflict(f"Volume {name} is {facts.format}, not {format}; import it under its own format.")
        return facts

    def convert_file(
        self,
        name: str,
        source: Source,
        format: str,  # noqa: A002 - libvirt's word
        progress: Progress,
    ) -> VolumeFacts:
        """Convert an image file of another format into a qcow2 volume; `progress(done, total)` counts its bytes.

        An existing volume is success. `format` is in Glance's words. Raise StorageFull.
        """
        if isinstance(source, Stream):
            return self._convert_fetched(name, source, format, progress)
        target, attempt, total = self._path(name), f"Converting image {name}", source.stat().st_size
        driver = {"vhd": "vpc"}.get(format, format)
        command = ["convert", "-p", "-f", driver, "-O", "qcow2", str(source), str(part_path(target))]
        with translated(attempt):
            create_atomic(
                target,
                lambda _file: qemu_img.run_limited(
                    command, attempt, lambda share: progress(int(share * total), total)
                ),
            )
        facts = self.stat(name)
        if facts is None:
            raise StorageNotFound(f"{attempt} failed: it was deleted meanwhile.")
        return facts

    def _convert_fetched(
        self,
        name: str,
        source: Stream,
        format: str,  # noqa: A002 - libvirt's word
        progress: Progress,
    ) -> VolumeFacts:
        """Convert a fetched image file, which lies in the pool under a hidden name meanwhile."""
        fetched = _unconverted(self._path(name))
        try:
            with translated(f"Fetching image {name}"):
                fetch_atomic(source, fetched, progress)
            return self.convert_file(name, fetched, format, progress)
        finally:
            fetched.unlink(missing_ok=True)

    def overlay(
        self, name: str, base_name: str, size_bytes: int, base_format: DiskFormat = "qcow2"
    ) -> VolumeFacts:
        """Create a qcow2 overlay of `base_name`. An existing one is success. Raise Conflict if it has another base.

        `base_format` is that of the registered image, since the file's own header cannot be trusted.
        Raise StorageNotFound without the base, StorageFull, and InvalidGuest if the base is larger.
        """
        base = self.stat(base_name)
        if base is None:
            raise StorageNotFound(
                f"Making volume {name} failed: its base {base_name} is not in pool {self.name}."
            )
        if base_format == "qcow2" and base.capacity_bytes > size_bytes:
            raise InvalidGuest(
                f"Making volume {name} failed: {size_bytes} bytes are less than "
                f"the {base.capacity_bytes} bytes of its image; choose a larger disk."
            )
        volume = self._volume(name)
        with translated(f"Making volume {name}"):
            if volume is None:
                xml = overlay_volume(name, size_bytes, self._path(base_name), base_format).to_xml()
                return _facts(self._pool().createXML(xml))
            definition = etree.fromstring(volume.XMLDesc())
        backing_path = definition.findtext("backingStore/path")
        if backing_path != str(self._path(base_name)):
            raise Conflict(f"Volume {name} already exists over {backing_path or 'nothing'}; delete it first.")
        return _facts(volume)

    def create(self, name: str, size_bytes: int) -> VolumeFacts:
        """Create an empty qcow2 volume, in place of one of this name. Raise StorageFull."""
        self.delete(name)
        with translated(f"Making volume {name}"):
            return _facts(self._pool().createXML(empty_volume(name, size_bytes).to_xml()))

    def fill(self, name: str, size_bytes: int, formatter: Formatter) -> VolumeFacts:
        """Create a formatted qcow2 volume. An existing one is success. Raise StorageFull."""
        target, attempt = self._path(name), f"Making volume {name}"
        raw = _unformatted(target)
        with translated(attempt):
            try:
                with open(os.open(raw, os.O_RDWR | os.O_CREAT, 0o600), "wb") as file:
                    file.truncate(size_bytes)
                formatter(raw)
                command = ["convert", "-f", "raw", "-O", "qcow2", str(raw), str(part_path(target))]
                create_atomic(target, lambda _file: qemu_img.run(command, attempt))
            finally:
                raw.unlink(missing_ok=True)
        facts = self.stat(name)
        if facts is None:
            raise StorageNotFound(f"{attempt} failed: it was deleted meanwhile.")
        return facts

    def clone(self, name: str, source: BackingSpec, size_bytes: int, progress: Progress) -> VolumeFacts:
        """Create a volume of its own with the content of layers that nobody writes. An existing one is success.

        `progress(done, total)` counts bytes. Raise StorageFull.
        """
        target, attempt = self._path(name), f"Copying a snapshot into volume {name}"
        address = qemu_img.address(source.source, source.format, source.backing)
        command = ["convert", "-p", "-O", "qcow2", address, str(part_path(target))]
        with translated(attempt):
            create_atomic(
                target,
                lambda _file: qemu_img.run(
                    command, attempt, lambda share: progress(int(share * size_bytes), size_bytes)
                ),
            )
        self.resize(name, size_bytes)
        facts = self.stat(name)
        if facts is None:
            raise StorageNotFound(f"{attempt} failed: it was deleted meanwhile.")
        return facts

    def rebase(self, name: str, base_name: str | None, base_format: DiskFormat, progress: Progress) -> None:
        """Put a volume that no guest has open over another base, with the same content. Put is success.

        `progress(done, total)` counts percent. Raise StorageNotFound, StorageFull, GuestBusy.
        """
        path, attempt = self._path(name), f"Merging the layers of volume {name}"
        base = [] if base_name is None else ["-F", base_format]
        command = ["rebase", "-p", "-f", "qcow2", *base, "-b"]
        command += ["" if base_name is None else str(self._path(base_name)), str(path)]
        with translated(attempt):
            if not path.exists():
                raise StorageNotFound(f"{attempt} failed: it is not in pool {self.name}.")
            qemu_img.run(command, attempt, lambda share: progress(int(share * 100), 100))
        self._refresh()

    def resize(self, name: str, size_bytes: int) -> None:
        """Enlarge a volume. Having that size is success. Raise StorageNotFound, StorageFull."""
        volume = self._volume(name)
        if volume is None:
            raise StorageNotFound(f"Resizing volume {name} failed: it is not in pool {self.name}.")
        with translated(f"Resizing volume {name}"):
            if volume.info()[1] < size_bytes:
                volume.resize(size_bytes)

    def copy(self, name: str, target_name: str, progress: Progress) -> VolumeFacts:
        """Copy a qcow2 volume that no guest has open. An existing copy is success. Raise StorageFull."""
        return self.import_file(target_name, self._path(name), "qcow2", progress)

    def rename(self, name: str, target_name: str) -> None:
        """Rename a volume, in place of one of the new name. Renamed is success."""
        source, target = self._path(name), self._path(target_name)
        with translated(f"Renaming volume {name}"):
            if source.exists():
                source.replace(target)
        self._refresh()

    def export(self, name: str, target: Path, progress: Progress) -> None:
        """Move a volume to a file outside the pool, which we own. Raise StorageFull."""
        with translated(f"Moving volume {name}"):
            move_atomic(self._path(name), target, progress)
        self._refresh()

    def write(self, name: str, data: bytes) -> VolumeFacts:
        """Write a raw volume with `data`, in place of one of this name. Raise StorageFull."""
        target = self._path(name)
        with translated(f"Writing volume {name}"):
            write_atomic(target, data)
            allocated = target.stat().st_blocks * 512
        return VolumeFacts(
            name=name,
            source=FileSource(path=target),
            capacity_bytes=len(data),
            allocation_bytes=allocated,
            format="raw",
        )

    def delete(self, name: str) -> None:
        """Delete a volume and its partial files. Deleted is success."""
        target = self._path(name)
        with translated(f"Deleting volume {name}"):
            fetched = _unconverted(target)
            for unfinished in (part_path(target), _unformatted(target), fetched, part_path(fetched)):
                unfinished.unlink(missing_ok=True)
            try:
                self._pool().storageVolLookupByName(name).delete()
            except libvirt.libvirtError as error:
                if target.exists() and error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
                    raise
                target.unlink(missing_ok=True)

    def snapshot(self, name: str, label: str) -> None:
        """Create an internal snapshot of a volume. An existing one is success. Raise StorageNotFound, GuestBusy."""
        attempt = f"Keeping the state of volume {name}"
        if label not in self._snapshots(name, attempt):
            qemu_img.run(["snapshot", "-c", label, self._image_address(name)], attempt)

    def revert(self, name: str, label: str) -> None:
        """Revert a volume to a snapshot, if it exists. Raise StorageNotFound, GuestBusy."""
        attempt = f"Giving volume {name} its earlier state"
        if label in self._snapshots(name, attempt):
            qemu_img.run(["snapshot", "-a", label, self._image_address(name)], attempt)
            self._refresh()

    def delete_snapshot(self, name: str, label: str, guest: SnapshotHolder) -> None:
        """Delete a snapshot, also while `guest` has the volume open. Deleted is success."""
        attempt = f"Deleting a snapshot of volume {name}"
        if not self._path(name).exists() or label not in self._snapshots(name, attempt):
            return
        try:
            qemu_img.run(["snapshot", "-d", label, self._image_address(name)], attempt)
        except GuestBusy:
            guest.delete_disk_snapshot(self.source_of(name), label)

    def _snapshots(self, name: str, attempt: str) -> set[str]:
        """Return the labels of a volume's snapshots, even while a guest runs. Raise StorageNotFound."""
        if not self._path(name).exists():
            raise StorageNotFound(f"{attempt} failed: it is not in pool {self.name}.")
        return qemu_img.snapshots(self._image_address(name), attempt)

    def _image_address(self, name: str) -> str:
        return qemu_img.address(self.source_of(name), "qcow2")

    def _pool(self) -> libvirt.virStoragePool:
        return connect(self.uri).storagePoolLookupByName(self.name)

    def _volume(self, name: str) -> libvirt.virStorageVol | None:
        """Return libvirt's object of an existing file, after a refresh if libvirt has not seen it yet; else None."""
        if not self._path(name).exists():
            return None
        for refresh in (False, True):
            if refresh:
                self._refresh()
            try:
                with translated(f"Looking for volume {name}"):
                    return self._pool().storageVolLookupByName(name)
            except StorageNotFound:
                continue
        return None

    def _facts_or_none(self, volume: libvirt.virStorageVol) -> VolumeFacts | None:
        """Return the facts of a volume; None if it was deleted meanwhile."""
        try:
            with translated(f"Reading a volume of storage pool {self.name}"):
                return _facts(volume)
        except StorageNotFound:
            return None

    def _refresh(self) -> None:
        """Refresh the pool, waiting while libvirt creates a volume there. Raise StorageBusy."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with translated(f"Reading storage pool {self.name}"):
                    self._pool().refresh()
            except StorageBusy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return


def _unformatted(target: Path) -> Path:
    """Return the hidden path of the raw file that is formatted before it becomes `target`."""
    return part_path(target).with_suffix(".raw")


def _unconverted(target: Path) -> Path:
    """Return the hidden path of the fetched file that is converted before it becomes `target`."""
    return part_path(target).with_suffix(".source")


def _facts(volume: libvirt.virStorageVol) -> VolumeFacts:
    definition = etree.fromstring(volume.XMLDesc())
    kind = definition.find("target/format")
    return VolumeFacts(
        name=definition.findtext("name", ""),
        source=FileSource(path=Path(definition.findtext("target/path", ""))),
        capacity_bytes=int(definition.findtext("capacity", "0")),
        allocation_bytes=int(definition.findtext("allocation", "0")),
        format="raw" if kind is None else str(kind.get("type")),
    )
