"""Snapshots of running guests: several disks go on in new files at one moment, and the memory may be written too."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import GuestNotFound, translated
from ..files import Progress
from ..limited import limited
from ..specs.sources import DiskSource, FileSource
from ..xml.disks import Source
from ..xml.snapshot import external_snapshot

_POLL_SECONDS = 0.2
_COMPLETE = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
_FLAGS = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC


class GuestSnapshot:
    """All disks of a guest at one moment. `tops` are the files in which they go on, by device names.

    libvirt lets all of them go on or none. Methods raise GuestNotRunning, DriverError.
    """

    def __init__(self, uri: str, uuid: str, tops: Mapping[str, DiskSource]) -> None:
        self.uri, self.uuid, self.tops = uri, uuid, tops

    def is_taken(self) -> bool:
        """Return whether the guest writes to the new files, or will at its next start. False if there is no guest."""
        try:
            with translated(f"Reading guest {self.uuid}"):
                present = _disks(etree.fromstring(self._domain().XMLDesc()))
        except GuestNotFound:
            return False
        return all(
            target in present and _writes_to(present[target], top) for target, top in self.tops.items()
        )

    @limited
    def end_attempts(self) -> None:
        """End a snapshot that is being taken, as for a worker that died. It is taken then, or not. None is success."""
        try:
            with translated(f"Ending a snapshot of guest {self.uuid}"):
                domain = self._domain()
                while domain.isActive() and self._job(domain) is not None:
                    domain.abortJob()
                    time.sleep(_POLL_SECONDS)
        except GuestNotFound:
            return

    @limited
    def take(self, *, quiesce: bool) -> None:
        """Let the disks go on in the new files. Taken is success.

        With `quiesce` the guest's agent freezes its file systems for that moment; without it, the disks are as after
        a power cut. Raise Conflict if a file exists, StorageFull.
        """
        if self.is_taken():
            return
        with translated(f"Taking a snapshot of guest {self.uuid}"):
            continue_in(self._domain(), self.tops, quiesce=quiesce)

    def take_with_memory(self, memory: FileSource, progress: Progress) -> None:
        """Write the memory to a file while the guest runs, then let the disks go on in that moment. Taken is success.

        `progress(done, total)` counts bytes. What it raises ends the attempt.
        """
        if self.is_taken():
            return
        with translated(f"Taking a snapshot with memory of guest {self.uuid}"), ThreadPoolExecutor(1) as pool:
            domain = self._domain()
            taking = pool.submit(continue_in, domain, self.tops, memory=memory)
            try:
                while wait([taking], _POLL_SECONDS).not_done:
                    if (job := self._job(domain)) is not None and job.get("data_total"):
                        progress(job["data_processed"], job["data_total"])
            except BaseException:
                self.end_attempts()
                raise
            taking.result()

    def restore(self, memory: FileSource) -> None:
        """Start the guest, which is off, where it was when the memory was written. Running is success.

        It writes to the disks of its definition, and is otherwise the machine of that moment: its processors, memory
        and devices belong to what was written.
        """
        with translated(f"Restoring guest {self.uuid}"):
            domain = self._domain()
            if domain.isActive():
                return
            saved = etree.fromstring(
                domain.connect().saveImageGetXMLDesc(
                    str(memory.path), libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE
                )
            )
            _take_over(saved, etree.fromstring(domain.XMLDesc(_COMPLETE)))
            xml = etree.tostring(saved, encoding="unicode")
            domain.connect().restoreFlags(str(memory.path), xml, libvirt.VIR_DOMAIN_SAVE_RUNNING)

    def _job(self, domain: libvirt.virDomain) -> dict[str, Any] | None:
        """Return the figures of the snapshot that is being taken; None if none is."""
        job: dict[str, Any] = domain.jobStats()
        is_snapshot = job.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_SNAPSHOT
        return job if is_snapshot and job.get("type") != libvirt.VIR_DOMAIN_JOB_NONE else None

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)


def continue_in(
    domain: libvirt.virDomain,
    tops: Mapping[str, DiskSource],
    *,
    quiesce: bool = False,
    memory: FileSource | None = None,
) -> None:
    """Let disks of a running guest go on in new files, all at one moment."""
    targets = list(_disks(etree.fromstring(domain.XMLDesc())))
    flags = _FLAGS | (libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE if quiesce else 0)
    flags |= (
        libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_LIVE if memory else libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    )
    domain.snapshotCreateXML(external_snapshot(tops, targets, memory).to_xml(), flags)


def _take_over(saved: etree._Element, defined: etree._Element) -> None:
    """Give a saved guest the sources of its definition's disks, and its tag. Neither belongs to the memory."""
    present = _disks(defined)
    for target, disk in _disks(saved).items():
        for name in ("source", "backingStore"):
            for old in disk.findall(name):
                disk.remove(old)
            if target in present:
                disk.extend(present[target].findall(name))
    for old in saved.findall("metadata"):
        saved.remove(old)
    saved.extend(defined.findall("metadata"))


def _disks(definition: etree._Element) -> dict[str, etree._Element]:
    """Return {device name: element} of the disks of a definition."""
    return {
        str(target.get("dev")): disk
        for disk in definition.iterfind("devices/disk")
        if (target := disk.find("target")) is not None
    }


def _writes_to(disk: etree._Element, source: DiskSource) -> bool:
    element = disk.find("source")
    return element is not None and is_source(element, source)


def is_source(element: etree._Element, source: DiskSource) -> bool:
    """Return whether an element names the source."""
    return set(Source.from_source(source).render().items()) <= set(element.items())
