"""Layers under the disks of a running guest: adding one on top, and merging those that nobody needs any more."""

import time

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import GuestNotRunning, translated
from ..files import Progress
from ..limited import limited
from ..specs.sources import DiskSource, label
from .snapshot import continue_in, is_source

_POLL_SECONDS = 0.1


class DiskChain:
    """One disk of a running guest, with the device name `target`. Methods raise GuestNotRunning, DriverError.

    The jobs are QEMU's: if our process dies they go on, and another process can wait for their end.
    """

    def __init__(self, uri: str, uuid: str, target: str) -> None:
        self.uri, self.uuid, self.target = uri, uuid, target

    def stands_on(self, source: DiskSource) -> bool:
        """Return whether the guest has `source` open for this disk, as its top or below."""
        return any(is_source(element, source) for element in self._disk().iter("source"))

    def is_top(self, source: DiskSource) -> bool:
        """Return whether the guest writes to `source`."""
        element = self._disk().find("source")
        return element is not None and is_source(element, source)

    @limited
    def add_layer(self, top: DiskSource, *, quiesce: bool) -> None:
        """Continue in the new file `top`, over what was written so far. Continued is success.

        With `quiesce` the guest's agent freezes its file systems for that moment; without it, the layer below is as
        after a power cut. Raise Conflict if the file exists, StorageFull.
        """
        if self.is_top(top):
            return
        with translated(f"Taking a snapshot of {self.target} of guest {self.uuid}"):
            continue_in(self._domain(), {self.target: top}, quiesce=quiesce)

    def pull(self, layer: DiskSource, base: DiskSource | None, progress: Progress) -> None:
        """Copy the data of `layer`, directly below the top, into the top, which then lies over `base`.

        Pulled is success; `progress(done, total)` counts bytes.
        """
        attempt = f"Merging a snapshot of {self.target} of guest {self.uuid}"
        if not self.stands_on(layer):
            return
        with translated(attempt):
            if not self._job():
                self._domain().blockRebase(self.target, None if base is None else label(base), 0, 0)
        self._wait(attempt, progress)
        self._enforce(attempt, layer)

    def commit(self, top: DiskSource, base: DiskSource, progress: Progress) -> None:
        """Write the data of the layer `top` into the layer `base` below it. The layer above then lies over `base`.

        Written is success; `progress(done, total)` counts bytes.
        """
        attempt = f"Merging snapshots of {self.target} of guest {self.uuid}"
        if not self.stands_on(top):
            return
        with translated(attempt):
            if not self._job():
                self._domain().blockCommit(self.target, label(base), label(top), 0, 0)
        self._wait(attempt, progress)
        self._enforce(attempt, top)

    def _wait(self, attempt: str, progress: Progress) -> None:
        """Wait for the end of the job, which QEMU reports by no event that outlives our process."""
        while True:
            with translated(attempt):
                job = self._job()
            if not job:
                return
            progress(job["cur"], max(job["end"], 1))
            time.sleep(_POLL_SECONDS)

    def _enforce(self, attempt: str, gone: DiskSource) -> None:
        if self.stands_on(gone):
            raise GuestNotRunning(f"{attempt} failed: the job ended before its time.")

    def _job(self) -> dict[str, int]:
        job: dict[str, int] = self._domain().blockJobInfo(self.target) or {}
        return job

    def _disk(self) -> etree._Element:
        with translated(f"Reading guest {self.uuid}"):
            definition = etree.fromstring(self._domain().XMLDesc())
        for disk in definition.iterfind("devices/disk"):
            target = disk.find("target")
            if target is not None and target.get("dev") == self.target:
                return disk
        raise GuestNotRunning(f"Guest {self.uuid} has no disk {self.target}.")

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)
