"""Rescue: boot from another image, with the instance's own disks attached for repair."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.openstack.schema import nullable, object_of, text
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import delivery, images
from compute.instances.actions.base import SYSTEM, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.passwords import secret_password
from compute.instances.actions.rebuild import RewriteConfigDrive
from compute.instances.actions.schemas import PASSWORD
from compute.instances.actions.steps import Define, PowerOff, PowerOn, redefine, state_to_restore
from compute.instances.models import Instance
from compute.instances.services import boot_images, guests, machine_disks
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Disk
from compute.volumes.services import disks


class DeliverRescueImage(Step):
    """Deliver the rescue image into the pool. Undone last, it redefines the guest without the rescue."""

    name: ClassVar[str] = "image"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        delivery.wait_for_copy(run, _rescue_image(run.subject), guests.host_of(run.subject))

    def undo(self, run: Run) -> None:
        transitions.change(run.subject, rescue_image=None)
        redefine(run)


class MakeRescueDisk(Step):
    """Create the rescue disk to boot from, as an overlay of the rescue image."""

    name: ClassVar[str] = "rescue_disk"
    label: ClassVar[str] = gettext_noop("Create the rescue disk")

    def do(self, run: Run) -> None:
        instance = run.subject
        image = _rescue_image(instance)
        size = max(image.virtual_size, machine_disks.GIB)
        claim_guest(run)
        disks.make(machine_disks.plug_rescue(instance, image.pk, size))

    def undo(self, run: Run) -> None:
        instance = run.subject
        machine_disks.unplug_rescue(instance)
        for disk in instance.disks.filter(role=Disk.Role.RESCUE):
            disks.remove(disk)


class Rescue(InstanceAction):
    """Rescue an instance. Takes `image_id` (default: the image of the instance) and `admin_password`."""

    verb = "rescue"
    label = _("Rescue")
    icon = "lifebuoy"
    order = 160
    group = SYSTEM
    move = Move(
        start=RUNS_OR_OFF | {VmState.ERROR},
        task=TaskState.RESCUING,
        end=VmState.RESCUED,
    )
    doing = _("Preparing the rescue")
    api_name = "rescue"
    api_body = nullable(object_of(optional={"adminPass": PASSWORD, "rescue_image_ref": nullable(text(255))}))
    confirm = _("It is powered off and boots from its image; its own disk is attached as the second one.")
    bulk = False
    fields = ("image_id",)
    asks = True
    steps = (DeliverRescueImage(), PowerOff(), MakeRescueDisk(), RewriteConfigDrive(), Define(), PowerOn())

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"image_id": str(instance.image_id or "")}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if image_id := parameters.get("image_id"):
            try:
                image = images.get_launchable(context, image_id)
            except NotFound as error:
                raise BadInput(fields={"image_id": error.text}) from error
        else:
            image = boot_images.image_of(instance)
        transitions.change(instance, rescue_image=image, restore_to=state_to_restore(instance))
        return {"image": str(image.pk)}

    def sharing(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Image]:
        return [images.get_existing(parameters["image"])]

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        return secret_password(parameters)

    def failed(self, operation: Operation) -> None:
        self._clear_rescue(operation)
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        self._clear_rescue(operation)
        super().cancelled(operation)

    def stuck(self, operation: Operation) -> None:
        """Clear the rescue, so that a force reboot does not boot from the rescue disk."""
        self._clear_rescue(operation)
        super().stuck(operation)

    def _clear_rescue(self, operation: Operation) -> None:
        """Make the rows boot the instance from its own disk, even if no step was undone."""
        instance = self.locked(operation)
        machine_disks.unplug_rescue(instance)
        transitions.change(instance, rescue_image=None)


def _rescue_image(instance: Instance) -> Image:
    if instance.rescue_image is None:
        raise ValueError(f"Instance {instance.pk} is not being rescued.")
    return instance.rescue_image
