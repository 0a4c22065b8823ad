"""Backups of one disk of a running guest, which goes on meanwhile."""

import time
from pathlib import Path
from typing import Any

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import CheckpointLost, DriverError, GuestNotRunning, translated
from ..files import Progress
from ..limited import limited
from ..xml import backup as definitions

_POLL_SECONDS = 0.2
_EXISTING = (
    libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE | libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE
)
_RECORD = libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY


class GuestBackup:
    """The disk with the device name `target`. A checkpoint is a bitmap in its file, in which QEMU notes what is written.

    libvirt's own records of checkpoints are made before a call and removed after it, since disks move between guests
    and the bitmaps with them. Methods raise GuestNotRunning, DriverError.
    """

    def __init__(self, uri: str, uuid: str, target: str) -> None:
        self.uri, self.uuid, self.target = uri, uuid, target

    @limited
    def begin(self, file: Path, checkpoint: str, since: str | None, *, quiesce: bool) -> None:
        """Begin to copy the disk as it is now to a new qcow2 file, or only what changed `since` that checkpoint.

        With `quiesce` the guest's agent freezes its file systems for that moment; without it, the copy is as after a
        power cut. Raise CheckpointLost if the disk has no usable checkpoint of that name.
        """
        with translated(f"Backing up {self.target} of guest {self.uuid}"):
            domain = self._domain()
            targets = self._targets(domain)
            if since is not None:
                self._record(domain, since)
            backup = definitions.backup(self.target, file, targets, since)
            recorded = definitions.checkpoint(checkpoint, self.target, targets)
            if quiesce:
                domain.fsFreeze()
            try:
                domain.backupBegin(backup.to_xml(), recorded.to_xml(), 0)
            finally:
                if quiesce:
                    domain.fsThaw()

    def wait(self, progress: Progress) -> None:
        """Wait for the end of the copy, which QEMU makes and does not report on. `progress(done, total)` counts bytes."""
        attempt = f"Backing up {self.target} of guest {self.uuid}"
        while True:
            with translated(attempt):
                job = self._job()
            if job is None:
                break
            progress(job.get("disk_processed", 0), max(job.get("disk_total", 0), 1))
            time.sleep(_POLL_SECONDS)
        with translated(attempt):
            ended = self._domain().jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
        if not ended.get("success"):
            raise DriverError(f"{attempt} failed: {ended.get('errmsg') or 'it ended before its time'}.")

    @limited
    def abort(self) -> None:
        """End a copy that is being made. None is success."""
        with translated(f"Ending the backup of {self.target} of guest {self.uuid}"):
            if self._job() is None:
                return
            self._domain().abortJob()
            while self._job() is not None:
                time.sleep(_POLL_SECONDS)

    @limited
    def forget(self, checkpoint: str) -> None:
        """Remove a checkpoint from the disk, and libvirt's records of all. Removed is success."""
        with translated(f"Removing a checkpoint of {self.target} of guest {self.uuid}"):
            domain = self._domain()
            try:
                self._record(domain, checkpoint)
            except CheckpointLost:
                pass
            else:
                domain.checkpointLookupByName(checkpoint).delete()
            _forget_records(domain)

    @limited
    def forget_records(self) -> None:
        """Remove libvirt's records of the guest's checkpoints, and leave those in its disks."""
        with translated(f"Removing records of checkpoints of guest {self.uuid}"):
            _forget_records(self._domain())

    def _record(self, domain: libvirt.virDomain, checkpoint: str) -> None:
        """Tell libvirt of a checkpoint in the disk. Told is success. Raise CheckpointLost."""
        if any(record.getName() == checkpoint for record in domain.listAllCheckpoints()):
            return
        definition = definitions.checkpoint(
            checkpoint, self.target, self._targets(domain), exists=True
        ).render()
        definition.append(etree.fromstring(domain.XMLDesc()))
        try:
            domain.checkpointCreateXML(etree.tostring(definition, encoding="unicode"), _EXISTING)
        except libvirt.libvirtError as error:
            raise CheckpointLost(f"{self.target} of guest {self.uuid} has no usable {checkpoint}.") from error

    def _job(self) -> dict[str, Any] | None:
        """Return the figures of the backup that is being made; None if none is."""
        job: dict[str, Any] = self._domain().jobStats()
        is_backup = job.get("operation") == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP
        return job if is_backup and job.get("type") != libvirt.VIR_DOMAIN_JOB_NONE else None

    def _targets(self, domain: libvirt.virDomain) -> list[str]:
        definition = etree.fromstring(domain.XMLDesc())
        targets = [str(target.get("dev")) for target in definition.iterfind("devices/disk/target")]
        if self.target not in targets:
            raise GuestNotRunning(f"Guest {self.uuid} has no disk {self.target}.")
        return targets

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)


def _forget_records(domain: libvirt.virDomain) -> None:
    for record in domain.listAllCheckpoints():
        record.delete(_RECORD)
