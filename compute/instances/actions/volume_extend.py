"""Extend: enlarge a volume, also while an instance has it."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.volume_attach import WITHOUT_GUEST, enforce_free
from compute.instances.models import Instance
from compute.instances.services import guests, volume_disks
from compute.instances.states import VmState
from compute.volumes.actions.base import SETTINGS, VolumeAction
from compute.volumes.models import Disk, Volume
from compute.volumes.services import disks, volume_placement, volume_quota, volume_request
from compute.volumes.states import READY, VolumeTask

GIB = 2**30


class Enlarge(Step):
    """Enlarge the disk. Final, since no disk shrinks."""

    name: ClassVar[str] = "enlarge"
    label: ClassVar[str] = gettext_noop("Grow the disk")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        volume = run.subject
        size = volume.size_gib * GIB
        run.check()
        if volume.disk is None:
            raise Conflict(_("The volume has no disk."))
        instance = volume_disks.instance_of(volume) if volume.disk.instance_id else None
        if instance is None or instance.vm_state in {*WITHOUT_GUEST, VmState.STOPPED}:
            disks.pool_of(volume.disk).resize(volume.disk.volume_name, size)
        else:
            claim_guest(run, instance)
            guests.growth(instance).resize_disk(volume.disk.device, size)
        Disk.objects.filter(pk=volume.disk.pk).update(size_bytes=size)


class Extend(VolumeAction):
    """Takes `size` in GiB. The guest sees the new size at once."""

    verb = "extend"
    label = gettext_lazy("Extend")
    icon = "arrows-maximize"
    order = 100
    group = SETTINGS
    intro = gettext_lazy("A volume only grows. The file system inside must be enlarged by the guest.")
    move = Move(start=READY, task=VolumeTask.EXTENDING, end=None)
    doing = gettext_lazy("Extending")
    reserves = True
    bulk = False
    fields = ("size",)
    asks = True
    steps = (Enlarge(),)

    def initial(self, volume: Volume) -> dict[str, str]:
        return {"size": str(volume.size_gib + 1)}

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> list[Instance]:
        if volume.disk is None or volume.disk.instance_id is None:
            return []
        return [Instance.objects.get(pk=volume.disk.instance_id)]

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Count the new size from now on. Raise BadInput, OverQuota, Conflict if the pool is full."""
        size, earlier = volume_request.parse_size(parameters.get("size")), volume.size_gib
        if size <= earlier:
            raise BadInput(fields={"size": _("Give more than the present %(size)s GiB.") % {"size": earlier}})
        for instance in self.holders(context, volume, parameters):
            enforce_free(context, instance)
        if volume.disk is not None and (
            reason := volume_placement.shortage(volume.disk.pool, (size - earlier) * GIB)
        ):
            raise Conflict(reason)
        volume_quota.reserve(volume.project, context.user, size_gib=size - earlier, largest_gib=size)
        transitions.change(volume, size_gib=size)
        return {"size": size, "earlier": earlier}

    def failed(self, operation: Operation) -> None:
        self._restore_size(operation)
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        self._restore_size(operation)
        super().cancelled(operation)

    def stuck(self, operation: Operation) -> None:
        self._restore_size(operation)
        super().stuck(operation)

    def _restore_size(self, operation: Operation) -> None:
        """Count the earlier size again, unless the disk has grown already."""
        volume = self.locked(operation)
        if volume.disk is None or volume.disk.size_bytes < operation.parameters["size"] * GIB:
            transitions.change(volume, size_gib=operation.parameters["earlier"])
