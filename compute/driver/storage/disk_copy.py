"""Copy a disk of a running guest, by a block copy job of QEMU."""

import time
from os import statvfs

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import DriverError, GuestNotFound, GuestNotRunning, StorageFull, translated
from ..files import Progress
from ..specs.sources import DiskSource, FileSource
from ..xml.disks import CopyTarget, Source

_POLL_SECONDS = 0.2
_FULL_BYTES = 4 * 2**20
_FLAGS = libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB


class DiskCopy:
    """A shallow copy of a guest's disk, into an overlay of the same image.

    One that `stands_alone` is a full copy, into a volume without a backing image.

    The copy has the content of the disk at its end, as after a power cut. The job is QEMU's: if our process dies it
    goes on, and another process can `finish` it.
    """

    def __init__(
        self, uri: str, uuid: str, destination: DiskSource, device: str, *, stands_alone: bool = False
    ) -> None:
        self.uri, self.uuid, self.destination, self.device = uri, uuid, destination, device
        self._flags = _FLAGS | (0 if stands_alone else libvirt.VIR_DOMAIN_BLOCK_COPY_SHALLOW)

    def is_running(self) -> bool:
        """Return whether the job is running."""
        return self._mirror() is not None

    def start(self) -> None:
        """Start the job, into the new volume at `destination`. Raise GuestNotRunning."""
        xml = CopyTarget.from_source(self.destination).to_xml()
        with translated(f"Copying the disk of guest {self.uuid}"):
            self._domain().blockCopy(self.device, xml, {}, self._flags)

    def finish(self, progress: Progress) -> None:
        """Wait until the copy is complete, then end the job; `progress(done, total)` counts bytes.

        Raise GuestNotRunning if the guest stopped meanwhile, which makes the copy useless, and StorageFull.
        """
        self.wait(progress)
        self.end()

    def wait(self, progress: Progress) -> None:
        """Wait until the copy is complete, as `finish` does. From then on the guest writes to both."""
        while True:
            mirror = self._mirror()
            if mirror is None:
                raise self._lost()
            with translated(f"Copying the disk of guest {self.uuid}"):
                job = self._domain().blockJobInfo(self.device)
            if job:
                progress(job["cur"], max(job["end"], 1))
            if mirror.get("ready") == "yes":
                return
            time.sleep(_POLL_SECONDS)

    def pivot(self) -> None:
        """End the job of a complete copy, and let the guest go on in it. Raise GuestNotRunning."""
        with translated(f"Moving the disk of guest {self.uuid}"):
            self._domain().blockJobAbort(self.device, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)

    def end(self) -> None:
        """End the job. Ended is success."""
        try:
            if self.is_running():
                with translated(f"Ending the copy of guest {self.uuid}"):
                    self._domain().blockJobAbort(self.device)
        except (GuestNotFound, GuestNotRunning):
            return

    def _lost(self) -> DriverError:
        """Return why the job has ended before its time, of which QEMU only says that it has."""
        attempt = f"Copying the disk of guest {self.uuid} failed"
        with translated(attempt):
            if not self._domain().isActive():
                return GuestNotRunning(f"{attempt}: it stopped meanwhile.")
        if isinstance(self.destination, FileSource):
            space = statvfs(self.destination.path.parent)
            if space.f_bavail * space.f_frsize < _FULL_BYTES:
                return StorageFull(
                    f"{attempt}: {self.destination.path.parent} is full. Free some space there."
                )
        return DriverError(f"{attempt}: QEMU could not write the copy.")

    def _mirror(self) -> etree._Element | None:
        with translated(f"Reading guest {self.uuid}"):
            definition = etree.fromstring(self._domain().XMLDesc())
        attributes = set(Source.from_source(self.destination).render().items())
        for disk in definition.iterfind("devices/disk"):
            mirror = disk.find("mirror")
            target, source = disk.find("target"), disk.find("mirror/source")
            if mirror is None or target is None or source is None:
                continue
            if target.get("dev") == self.device and attributes <= set(source.items()):
                return mirror
        return None

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)
