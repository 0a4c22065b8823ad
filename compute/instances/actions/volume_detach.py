"""Detach: take a volume from its instance, once the guest has released it."""

from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import Conflict
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Wait
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import define
from compute.instances.actions.stop import started_at
from compute.instances.actions.volume_attach import WITHOUT_GUEST, disk_plug, enforce_free
from compute.instances.models import Instance
from compute.instances.services import volume_disks
from compute.instances.states import VmState
from compute.volumes.actions.base import USE, VolumeAction
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState, VolumeTask

RETRY_INTERVAL = timedelta(seconds=10)
PATIENCE = timedelta(seconds=120)
"""How long a guest gets to release a disk, as in Nova: eight requests."""


class UnplugDisk(Step):
    """Ask the guest to release the disk, and wait for libvirt's event without occupying a worker.

    A guest that is still booting ignores the request, so it is repeated.
    """

    name: ClassVar[str] = "unplug"
    label: ClassVar[str] = gettext_noop("Detach the disk")

    def do(self, run: Run) -> None:
        """Raise Conflict if the guest does not release it in time."""
        volume = run.subject
        if volume.disk is None or volume.disk.instance_id is None:
            return
        instance = volume_disks.instance_of(volume)
        if instance.vm_state not in WITHOUT_GUEST:
            claim_guest(run, instance)
            self._unplug(run, volume, instance)
        volume_disks.unplug(volume)
        if instance.vm_state not in WITHOUT_GUEST:
            define(run.for_row(instance))

    def _unplug(self, run: Run, volume: Volume, instance: Instance) -> None:
        plug = disk_plug(instance)
        source = volume_disks.source_of(volume)
        if not plug.has(source):
            return
        plug.request_unplug(source)
        if not plug.has(source):
            return
        deadline = started_at(run, self) + PATIENCE
        if timezone.now() >= deadline:
            raise Conflict(
                _("%(instance)s did not release the volume. Unmount it inside, or stop the instance first.")
                % {"instance": instance.name}
            )
        raise Wait(until=min(deadline, timezone.now() + RETRY_INTERVAL))


class Detach(VolumeAction):
    verb = "detach"
    label = gettext_lazy("Detach")
    icon = "plug-off"
    order = 20
    group = USE
    main = True
    move = Move(
        start=frozenset({VolumeState.IN_USE}),
        task=VolumeTask.DETACHING,
        end=VolumeState.AVAILABLE,
    )
    doing = gettext_lazy("Detaching")
    confirm = gettext_lazy(
        "Unmount it inside the guest first, or the guest may lose what it has not written yet."
    )
    steps = (UnplugDisk(),)

    def applies(self, volume: Volume) -> bool:
        return volume.status == VolumeState.IN_USE

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> list[Instance]:
        if volume.disk is None or volume.disk.instance_id is None:
            return []
        return [Instance.objects.get(pk=volume.disk.instance_id)]

    def blocker(self, volume: Volume) -> str:
        attachment = volume.attachment
        if attachment is not None and attachment.boots:
            return _("%(instance)s boots from it. Delete the instance to release it.") % {
                "instance": attachment.instance.name
            }
        return ""

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise Conflict if the instance cannot release it now."""
        for instance in self.holders(context, volume, parameters):
            enforce_free(context, instance)
            if instance.vm_state == VmState.PAUSED:
                raise Conflict(_("A paused guest releases no disk. Resume or stop it first."))
            return {"instance": str(instance.pk)}
        return {}

    def undone_state(self, operation: Operation, volume: Volume) -> str | None:
        """Return AVAILABLE once the instance has it no more, even if its definition could not be renewed."""
        return None if volume.attachment else VolumeState.AVAILABLE
