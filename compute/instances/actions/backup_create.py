"""Back up a volume: copy its data, or what changed since its last backup, to the store of backups."""

from pathlib import Path
from typing import ClassVar
from uuid import UUID

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.errors import Conflict
from compute.driver.errors import CheckpointLost, DriverError, GuestNotFound
from compute.driver.files import part_path
from compute.driver.guest.disk_backup import GuestBackup
from compute.driver.storage import disk_backup
from compute.driver.storage.flatten import flatten
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, queue
from compute.engine.services import transitions
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.snapshot_create import running_instance
from compute.instances.models import Instance
from compute.instances.services import guests
from compute.volumes.actions.base import BackupAction
from compute.volumes.models import Backup, Disk, Volume, VolumeSnapshot
from compute.volumes.services import backup_files, disks
from compute.volumes.states import BackupState, BackupTask, VolumeTask

log = structlog.get_logger(__name__)


class CopyData(Step):
    """Copy the disk to a file of the host. A guest that has the disk open goes on."""

    name: ClassVar[str] = "copy"
    label: ClassVar[str] = gettext_noop("Copy the data")

    def do(self, run: Run) -> None:
        backup = run.subject
        run.check()
        if backup.checksum or backup_files.draft_of(backup).exists():
            return
        try:
            _copy(run, backup)
        except CheckpointLost as error:
            # QEMU was killed, say, and what it had noted was lost. Copying all is right then, only slower.
            log.warning("the backup copies everything", reason=str(error))
            transitions.change(backup, parent=None)
            _copy(run, backup)

    def undo(self, run: Run) -> None:
        backup = run.subject
        if backup.disk is not None and not backup.snapshot_key:
            _forget(run, backup.disk, backup.checkpoint)
        backup_files.remove_draft(backup)


def _copy(run: Run, backup: Backup) -> None:
    disk, since = disk_of(backup), backup.parent.checkpoint if backup.parent else None
    backup_files.remove_draft(backup)
    if backup.snapshot_key:
        _copy_snapshot(run, backup, disk, backup.snapshot_key)
    elif (instance := running_instance(disk)) is not None:
        _copy_live(run, backup, disk, instance, since)
    else:
        pool = disks.pool_of(disk)
        disk_backup.copy(
            pool.source_of(disk.volume_name),
            disks.backing(disk, pool),
            backup_files.draft_of(backup),
            disk.size_bytes,
            run.progress,
            checkpoint=backup.checkpoint,
            since=since,
        )


def _copy_snapshot(run: Run, backup: Backup, disk: Disk, key: UUID) -> None:
    snapshots = VolumeSnapshot.objects.filter(pk=key).select_related("layer")
    layer = snapshots.get().layer
    if layer is None:
        raise Conflict(_("The snapshot %(snapshot)s was deleted meanwhile.") % {"snapshot": key})
    pool = disks.pool_of(disk)
    source, below = pool.source_of(layer.file_name), disks.below(layer, pool)
    flatten(source, below, backup_files.draft_of(backup), layer.size_bytes, run.progress)


def _copy_live(run: Run, backup: Backup, disk: Disk, instance: Instance, since: str | None) -> None:
    claim_guest(run, instance)
    copier, draft = copier_of(instance, disk), backup_files.draft_of(backup)
    part = part_path(draft)
    copier.abort()  # that of a worker that died
    copier.forget(backup.checkpoint)
    _begin(copier, part, backup.checkpoint, since, quiesce=instance.agent is not None)
    transitions.change(backup, taken_at=timezone.now())
    copier.wait(run.progress)
    copier.forget_records()
    part.rename(draft)


def _begin(copier: GuestBackup, file: Path, checkpoint: str, since: str | None, *, quiesce: bool) -> None:
    try:
        copier.begin(file, checkpoint, since, quiesce=quiesce)
    except CheckpointLost:
        raise
    except DriverError as error:
        if not quiesce:
            raise
        # The agent froze nothing, or not in time: the copy is then as after a power cut.
        log.warning("not quiesced", reason=str(error))
        copier.begin(file, checkpoint, since, quiesce=False)


def _forget(run: Run, disk: Disk, checkpoint: str) -> None:
    """Remove a checkpoint from the disk, and end a copy that is being made. Removed is success."""
    instance = running_instance(disk)
    if instance is None:
        pool = disks.pool_of(disk)
        disk_backup.forget(pool.source_of(disk.volume_name), checkpoint)
        return
    claim_guest(run, instance)
    copier = copier_of(instance, disk)
    try:
        copier.abort()
        copier.forget(checkpoint)
    except GuestNotFound:
        return


class StoreData(Step):
    """Bring the file into the store of backups, with its digest in the row."""

    name: ClassVar[str] = "store"
    label: ClassVar[str] = gettext_noop("Store the backup")

    def do(self, run: Run) -> None:
        backup = run.subject
        run.check()
        draft = backup_files.draft_of(backup)
        if not backup.checksum:
            checksum = backup_files.digest(draft, run.progress)
            transitions.change(backup, checksum=checksum, file_bytes=draft.stat().st_size)
        backup_files.store_draft(backup, run.progress)

    def undo(self, run: Run) -> None:
        backup_files.remove(run.subject)
        transitions.change(run.subject, checksum="", file_bytes=0)


class NoteChanges(Step):
    """Let the disk note what changes since this backup, and no longer what changed since earlier ones.

    It goes on for the parent, to which the next increment goes back if this backup is deleted.
    """

    name: ClassVar[str] = "note"
    label: ClassVar[str] = gettext_noop("Note what changes from now on")

    def do(self, run: Run) -> None:
        backup = run.subject
        if backup.snapshot_key or backup.disk is None:
            return
        others = Backup.objects.filter(disk=backup.disk).exclude(pk__in=[backup.pk, backup.parent_id])
        for row in others.exclude(checkpoint_in=""):
            if row.checkpoint_in == backup.disk.volume_name:
                try:
                    _forget(run, backup.disk, row.checkpoint)
                except DriverError as error:
                    # It only costs a little space, and goes with the disk.
                    log.warning("a checkpoint stays", reason=str(error))
            Backup.objects.filter(pk=row.pk).update(checkpoint_in="")
        transitions.change(backup, checkpoint_in=backup.disk.volume_name)


class Create(BackupAction):
    """Back up a volume. `backups.create` begins it, since there is no row before."""

    verb = "create"
    label = gettext_lazy("Back up")
    icon = "archive"
    order = 0
    move = Move(
        start=frozenset({BackupState.CREATING}),
        task=BackupTask.CREATING,
        end=BackupState.AVAILABLE,
        failed=BackupState.ERROR,
    )
    doing = gettext_lazy("Backing up")
    cancellable = True
    steps = (CopyData(), StoreData(), NoteChanges())

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        self._release(operation)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        self._release(operation)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        self._release(operation)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        self._release(operation)

    def _release(self, operation: Operation) -> None:
        """End the task of the volume, which is as it was."""
        backup = self.locked(operation)
        for volume in Volume.objects.select_for_update().filter(pk=backup.volume_id):
            if volume.task_state == VolumeTask.BACKING_UP and not queue.is_awaited(operation, volume.pk):
                transitions.clear_task(volume)


def disk_of(backup: Backup) -> Disk:
    """Return the disk to back up. Raise Conflict if it is gone."""
    if backup.disk is None:
        raise Conflict(_("The volume has no disk."))
    return backup.disk


def copier_of(instance: Instance, disk: Disk) -> GuestBackup:
    """Return the driver's handle of backups of a disk of the running guest."""
    return GuestBackup(guests.uri(instance), str(instance.pk), disk.device)
