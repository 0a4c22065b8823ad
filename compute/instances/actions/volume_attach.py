"""Attach: give an instance a volume, while it runs or is off."""

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from accounts.names import is_tag
from accounts.services import inputs
from compute.driver.guest.disk_plug import DiskPlug
from compute.engine import kinds
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import define
from compute.instances.models import Instance
from compute.instances.services import guest_spec, guests, hardware, volume_disks
from compute.instances.services.volume_disks import HOLDING
from compute.instances.states import VmState
from compute.volumes.actions.base import USE, VolumeAction
from compute.volumes.models import Volume
from compute.volumes.states import ATTACHABLE, VolumeState, VolumeTask

WITHOUT_GUEST = frozenset({VmState.SHELVED, VmState.SOFT_DELETED})


class PlugDisk(Step):
    """Plug the disk into the guest, and define it for the next start."""

    name: ClassVar[str] = "plug"
    label: ClassVar[str] = gettext_noop("Attach the disk")

    def do(self, run: Run) -> None:
        volume, instance = _parts(run)
        if instance.vm_state in WITHOUT_GUEST:
            return
        if instance.vm_state != VmState.STOPPED:
            claim_guest(run, instance)
            spec = guest_spec.disk_spec(instance, volume_disks.disk_of(volume))
            disk_plug(instance).plug(spec, hardware.spec_of(instance).disk_limits)
        define(run.for_row(instance))

    def undo(self, run: Run) -> None:
        """Take the disk out of the guest again, and out of the rows."""
        volume = run.subject
        if volume.disk is None or volume.disk.instance_id is None:
            return
        take_out(run, volume, volume_disks.instance_of(volume))


class Attach(VolumeAction):
    """Takes `instance`, and maybe `device`, `tag` and `delete_on_termination`."""

    verb = "attach"
    label = gettext_lazy("Attach")
    icon = "plug"
    order = 10
    group = USE
    main = True
    move = Move(
        start=ATTACHABLE,
        task=VolumeTask.ATTACHING,
        end=VolumeState.IN_USE,
    )
    doing = gettext_lazy("Attaching")
    bulk = False
    fields = ("instance", "delete_on_termination")
    asks = True
    steps = (PlugDisk(),)

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> list[Instance]:
        key = parameters.get("instance")
        if not key:
            raise BadInput(fields={"instance": _("Choose an instance.")})
        return [Instance.objects.present().reach(context, pk=key)]

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Give the disk its place in the machine. Raise Conflict if instance and volume do not fit, BadInput."""
        instance = self.holders(context, volume, parameters)[0]
        enforce_free(context, instance)
        tag = parameters.get("tag") or ""
        if tag and not is_tag(tag, 60):
            raise BadInput(fields={"tag": _("Use at most 60 characters, without slashes and commas.")})
        attachment = volume_disks.plug(
            instance,
            volume,
            device=str(parameters.get("device") or ""),
            delete_on_termination=inputs.flag(parameters, "delete_on_termination", False),
            tag=tag,
        )
        return {"instance": str(instance.pk), "attachment": str(attachment.pk)}

    def succeeded(self, operation: Operation) -> None:
        self.locked(operation).attachments.update(attached_at=timezone.now())
        super().succeeded(operation)

    def failed(self, operation: Operation) -> None:
        volume_disks.unplug(self.locked(operation))
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        volume_disks.unplug(self.locked(operation))
        super().cancelled(operation)


def enforce_free(context: Context, instance: Instance) -> None:
    """Raise Conflict unless a volume may come to the instance, or go, in its present state."""
    if locked := kinds.kind_of(instance).lock(context, instance):
        raise Conflict(locked)
    if instance.task_state is not None or instance.vm_state not in HOLDING:
        raise Conflict(
            _("%(instance)s is in the state “%(status)s”. Wait, start or stop it, then try again.")
            % {"instance": instance.name, "status": kinds.kind_of(instance).status(instance)}
        )


def take_out(run: Run, volume: Volume, instance: Instance) -> None:
    """Take a volume out of the rows and out of the guest, to end an undo or a detachment."""
    if instance.vm_state not in WITHOUT_GUEST and volume.disk is not None:
        claim_guest(run, instance)
        plug = disk_plug(instance)
        source = volume_disks.source_of(volume)
        if plug.has(source):
            plug.request_unplug(source)
    volume_disks.unplug(volume)
    if instance.vm_state not in WITHOUT_GUEST:
        define(run.for_row(instance))


def disk_plug(instance: Instance) -> DiskPlug:
    """Return the driver's handle of the running guest's disks."""
    return DiskPlug(guests.uri(instance), str(instance.pk))


def _parts(run: Run) -> tuple[Volume, Instance]:
    volume = run.subject
    return volume, volume_disks.instance_of(volume)
