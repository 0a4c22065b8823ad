"""Restore: give a volume the data of a backup again, and keep what it had as a snapshot."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.replacing import KEPT, ReplacesData
from compute.instances.actions.snapshot_create import define_holder
from compute.instances.actions.snapshot_delete import merge_unneeded
from compute.instances.services import volume_disks
from compute.volumes.models import Backup, Volume
from compute.volumes.services import backups, disk_layers, disks, volume_contents
from compute.volumes.states import READY, VolumeTask


class WriteData(Step):
    """Write the backup's data to a new file beside the disk's."""

    name: ClassVar[str] = "write"
    label: ClassVar[str] = gettext_noop("Write the data of the backup")

    def do(self, run: Run) -> None:
        run.check()
        disk = volume_disks.disk_of(run.subject)
        top = disk_layers.top_name(disk, run.operation.pk)
        if disk.volume_name != top:
            backup = Backup.objects.select_related("parent").get(pk=run.operation.parameters["backup"])
            volume_contents.restore(backup, disk, top, run.progress)

    def undo(self, run: Run) -> None:
        disk = run.subject.disk
        if disk is not None:
            disks.pool_of(disk).delete(disk_layers.top_name(disk, run.operation.pk))


class ReplaceDisk(Step):
    """Let the disk go on in that file. Final, since what it had may be gone afterwards."""

    name: ClassVar[str] = "replace"
    label: ClassVar[str] = gettext_noop("Replace the data")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        run.check()
        disk = volume_disks.disk_of(run.subject)
        top = disk_layers.top_name(disk, run.operation.pk)
        if disk.volume_name != top:
            disk_layers.revert_to(disk, None, top, keeper=run.operation.parameters.get(KEPT))
        merge_unneeded(run, disk)
        define_holder(run, disk)


class Restore(ReplacesData):
    """Takes `backup`, and `keep`: whether what the volume has becomes a snapshot first, as it does by default."""

    verb = "restore"
    label = gettext_lazy("Restore a backup")
    icon = "archive-off"
    order = 111
    move = Move(start=READY, task=VolumeTask.RESTORING, end=None)
    doing = gettext_lazy("Restoring a backup")
    confirm = gettext_lazy("It gets the data of the backup. What it has now is kept as a snapshot.")
    fields = ("backup",)
    cancellable = True
    steps = (WriteData(), ReplaceDisk())

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `backup`, OverQuota, Conflict while a guest has the volume open."""
        try:
            backup = backups.get_available(context, parameters.get("backup"))
        except (NotFound, BadInput) as error:
            raise BadInput(fields={"backup": error.text}) from error
        if backup.size_gib > volume.size_gib:
            raise BadInput(
                fields={
                    "backup": _("It has %(size)s GiB, more than the volume. Extend the volume first.")
                    % {"size": backup.size_gib}
                }
            )
        name = _("Before restoring %(backup)s") % {"backup": str(backup)[:200]}
        return {"backup": str(backup.pk)} | self.keep(context, volume, parameters, name)

    def sharing(self, volume: Volume, parameters: dict[str, Any]) -> Iterable[Backup]:
        return [backups.lock(Backup.objects.get(pk=parameters["backup"]))]
