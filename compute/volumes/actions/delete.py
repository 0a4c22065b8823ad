"""Delete: remove a volume and its data for good."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import Conflict
from accounts.services import inputs
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.volumes.actions.base import REMOVAL, VolumeAction
from compute.volumes.models import BackupPlan, Volume, VolumeSnapshot
from compute.volumes.services import disks, volume_placement
from compute.volumes.states import EXISTING, SnapshotState, VolumeState, VolumeTask

NAMED = 5
"""How many snapshots a refusal names."""


class DeleteDisk(Step):
    """Delete the disk and its row."""

    name: ClassVar[str] = "disk"
    label: ClassVar[str] = gettext_noop("Delete the disk")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        volume = run.subject
        run.check()
        if volume.disk is not None:
            disks.delete_volume(volume.disk)
            VolumeSnapshot.objects.filter(volume=volume).update(layer=None)
            disks.delete_layers(volume.disk)
            volume_placement.forget(volume)


class Delete(VolumeAction):
    verb = "delete"
    label = gettext_lazy("Delete")
    icon = "trash"
    order = 300
    group = REMOVAL
    move = Move(
        start=EXISTING,
        task=VolumeTask.DELETING,
        end=VolumeState.DELETED,
        failed=VolumeState.ERROR,
        interrupts=frozenset({VolumeTask.CREATING}),
    )
    doing = gettext_lazy("Deleting")
    danger = True
    confirm = gettext_lazy("Its data are erased. This cannot be undone.")
    cancellable = True
    steps = (DeleteDisk(),)
    waits_for_transfer: ClassVar[bool] = True

    def blocker(self, volume: Volume) -> str:
        attachment = volume.attachment
        if attachment is not None:
            return _("%(instance)s has it. Detach it first.") % {"instance": attachment.instance.name}
        if self.waits_for_transfer and volume.status == VolumeState.AWAITING_TRANSFER:
            return _("It waits for another project to accept it. Cancel the transfer first.")
        return ""

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Takes `cascade`, to delete its snapshots with it. Raise Conflict naming them without it."""
        names = [str(snapshot) for snapshot in volume.snapshots.existing().order_by("created_at")[:NAMED]]
        cascade = inputs.flag(parameters, "cascade", False)
        if names and not cascade:
            raise Conflict(
                _("It has snapshots: %(names)s. Delete them first, or together with it.")
                % {"names": ", ".join(names)}
            )
        return {"cascade": cascade} if cascade else {}

    def also(self, volume: Volume, parameters: dict[str, Any]) -> Iterable[VolumeSnapshot]:
        """Return its snapshots, locked."""
        return volume.snapshots.existing().select_for_update().order_by("pk")

    def undone_state(self, operation: Operation, volume: Volume) -> str | None:
        """Return where it leaves the volume: one that was called off before the disk went keeps its state."""
        if not operation.timeline and volume.status != VolumeState.CREATING:
            return None
        return VolumeState.ERROR

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        volume = self.locked(operation)
        for snapshot in volume.snapshots.existing().select_for_update().order_by("pk"):
            transitions.settle(snapshot, SnapshotState.DELETED, metadata={})
        BackupPlan.objects.filter(volume=volume).delete()
        transitions.change(volume, metadata={}, image_metadata={}, image=None)
