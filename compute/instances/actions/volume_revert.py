"""Revert: give a volume the data of one of its snapshots again, and keep what it had as a snapshot."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.services import inputs
from compute.engine.models import Operation, Subject
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.snapshot_create import define_holder
from compute.instances.actions.snapshot_delete import merge_unneeded
from compute.instances.actions.volume_attach import WITHOUT_GUEST
from compute.instances.models import Instance
from compute.instances.services import volume_disks
from compute.instances.states import VmState
from compute.volumes.actions.base import COPIES, VolumeAction
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services import disk_layers, disks, volume_quota, volume_snapshots
from compute.volumes.states import READY, SnapshotState, SnapshotTask, VolumeTask

KEPT = "kept"
"""The parameter with the id of the snapshot that keeps what the volume had."""


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


class Revert(VolumeAction):
    """Takes `snapshot`, and `keep`: whether what the volume has becomes a snapshot first, as it does by default."""

    verb = "revert"
    label = gettext_lazy("Revert to a snapshot")
    icon = "restore"
    order = 110
    group = COPIES
    move = Move(start=READY, task=VolumeTask.REVERTING, end=None)
    doing = gettext_lazy("Reverting")
    reserves = True
    bulk = False
    danger = True
    confirm = gettext_lazy("It gets the data of that moment. What it has now is kept as a snapshot.")
    fields = ("snapshot",)
    asks = True
    steps = (GoBack(),)

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> Iterable[Subject]:
        return volume_snapshots.holders_of(volume)

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `snapshot`, OverQuota, Conflict while a guest has the volume open."""
        snapshot = self._snapshot(context, volume, parameters.get("snapshot"))
        for holder in volume_snapshots.holders_of(volume):
            if isinstance(holder, Instance) and holder.vm_state not in {*WITHOUT_GUEST, VmState.STOPPED}:
                raise Conflict(
                    _("Stop %(instance)s first: it has the volume open.") % {"instance": holder.name}
                )
        prepared = {"snapshot": str(snapshot.pk)}
        if inputs.flag(parameters, "keep", True):
            volume_quota.reserve_snapshot(volume.project, context.user, size_gib=volume.size_gib)
            backup = VolumeSnapshot.objects.create(
                project=volume.project,
                user=context.user if context.user.pk else None,
                volume=volume,
                name=_("Before reverting to %(snapshot)s") % {"snapshot": str(snapshot)[:200]},
                size_gib=volume.size_gib,
                task_state=SnapshotTask.CREATING,
            )
            transitions.change(backup)
            prepared[KEPT] = str(backup.pk)
        return prepared

    def also(self, volume: Volume, parameters: dict[str, Any]) -> Iterable[VolumeSnapshot]:
        keys = [parameters[name] for name in ("snapshot", KEPT) if name in parameters]
        return VolumeSnapshot.objects.filter(pk__in=keys).select_for_update().order_by("pk")

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        self._end_kept(operation, SnapshotState.AVAILABLE)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        self._end_kept(operation, SnapshotState.DELETED)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        self._end_kept(operation, SnapshotState.DELETED)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        self._end_kept(operation, SnapshotState.DELETED)

    def _end_kept(self, operation: Operation, state: SnapshotState) -> None:
        """End the snapshot that keeps what the volume had; one that has its layer holds it in any case."""
        if KEPT in operation.parameters:
            backup = VolumeSnapshot.objects.select_for_update().get(pk=operation.parameters[KEPT])
            transitions.settle(backup, SnapshotState.AVAILABLE if backup.layer_id else state)

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
