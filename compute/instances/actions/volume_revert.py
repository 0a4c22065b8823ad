"""Revert: give a volume the data of one of its snapshots again, and keep what it had as a snapshot."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.replacing import KEPT, ReplacesData
from compute.instances.actions.snapshot_create import define_holder
from compute.instances.actions.snapshot_delete import merge_unneeded
from compute.instances.services import volume_disks
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services import disk_layers, disks, volume_snapshots
from compute.volumes.states import READY, SnapshotState, VolumeTask


class GoBack(Step):
    """Let the disk go on over the snapshot's layer. Final, since what it had may be gone afterwards."""

    name: ClassVar[str] = "revert"
    label: ClassVar[str] = gettext_noop("Revert the disk")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        volume, parameters = run.subject, run.operation.parameters
        run.check()
        disk = volume_disks.disk_of(volume)
        top = disk_layers.top_name(disk, run.operation.pk)
        if disk.volume_name != top:
            snapshot = VolumeSnapshot.objects.select_related("layer").get(pk=parameters["snapshot"])
            if snapshot.layer is None:
                raise Conflict(_("The snapshot %(snapshot)s was deleted meanwhile.") % {"snapshot": snapshot})
            disks.pool_of(disk).overlay(top, snapshot.layer.file_name, disk.size_bytes)
            disk_layers.revert_to(disk, snapshot.layer, top, keeper=parameters.get(KEPT))
        merge_unneeded(run, disk)
        define_holder(run, disk)


class Revert(ReplacesData):
    """Takes `snapshot`, and `keep`: whether what the volume has becomes a snapshot first, as it does by default."""

    verb = "revert"
    label = gettext_lazy("Revert to a snapshot")
    icon = "restore"
    order = 110
    move = Move(start=READY, task=VolumeTask.REVERTING, end=None)
    doing = gettext_lazy("Reverting")
    confirm = gettext_lazy("It gets the data of that moment. What it has now is kept as a snapshot.")
    fields = ("snapshot",)
    steps = (GoBack(),)

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `snapshot`, OverQuota, Conflict while a guest has the volume open."""
        snapshot = self._snapshot(context, volume, parameters.get("snapshot"))
        name = _("Before reverting to %(snapshot)s") % {"snapshot": str(snapshot)[:200]}
        return {"snapshot": str(snapshot.pk)} | self.keep(context, volume, parameters, name)

    def _snapshot(self, context: Context, volume: Volume, key: object) -> VolumeSnapshot:
        try:
            snapshot = volume_snapshots.get(context, key)
        except NotFound as error:
            raise BadInput(fields={"snapshot": error.text}) from error
        if snapshot.volume_id != volume.pk:
            raise BadInput(fields={"snapshot": _("It is a snapshot of another volume.")})
        if snapshot.status != SnapshotState.AVAILABLE or snapshot.task_state:
            raise BadInput(
                fields={"snapshot": _("The snapshot is %(status)s.") % {"status": snapshot.shown_status}}
            )
        return snapshot
