"""Rescue: boot from another image with the instance's own disk attached beside it, to mend what is on it."""

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
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.claims import claimed
from compute.instances.actions.passwords import hide
from compute.instances.actions.rebuild import WriteConfigDriveAnew
from compute.instances.actions.schemas import PASSWORD
from compute.instances.actions.steps import Define, PowerOff, PowerOn, make_anew, power_before
from compute.instances.models import Instance
from compute.instances.services import boot_images, guests, machine_disks
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Disk
from compute.volumes.services import disks


class BringRescueImage(Step):
    """Have the rescue image in the pool. Undone last, it leaves the machine as it was."""

    name: ClassVar[str] = "image"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        delivery.wait_for_copy(run, _rescue_image(run.subject), guests.host_of(run.subject))

    def undo(self, run: Run) -> None:
        transitions.change(run.subject, rescue_image=None)
        make_anew(run)


class MakeRescueDisk(Step):
    """Make the disk to boot from as an overlay of the rescue image."""

    name: ClassVar[str] = "rescue_disk"
    label: ClassVar[str] = gettext_noop("Make the rescue disk")

    def do(self, run: Run) -> None:
        instance = run.subject
        image = _rescue_image(instance)
        size = max(image.virtual_size, machine_disks.GIB)
        claimed(run)
        disks.make(machine_disks.plug_rescue(instance, image.pk, size))

    def undo(self, run: Run) -> None:
        instance = run.subject
        machine_disks.unplug_rescue(instance)
        for disk in instance.disks.filter(role=Disk.Role.RESCUE):
            disks.remove(disk)


class Rescue(InstanceAction):
    """Takes `image_id` (without one, the image that the instance was launched from) and a password for the guest."""

    verb = "rescue"
    label = _("Rescue")
    icon = "lifebuoy"
    order = 160
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
    steps = (BringRescueImage(), PowerOff(), MakeRescueDisk(), WriteConfigDriveAnew(), Define(), PowerOn())

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"image_id": str(instance.image_id or "")}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if wanted := parameters.get("image_id"):
            try:
                image = images.get_launchable(context, wanted)
            except NotFound as error:
                raise BadInput(fields={"image_id": error.text}) from error
        else:
            image = boot_images.image_of(instance)
        transitions.change(instance, rescue_image=image, restore_to=power_before(instance))
        return {"image": str(image.pk)}

    def sharing(self, instance: Instance, kept: dict[str, Any]) -> Iterable[Image]:
        return [images.get_existing(kept["image"])]

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        return hide(parameters)

    def failed(self, operation: Operation) -> None:
        self._leave(operation)
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        self._leave(operation)
        super().cancelled(operation)

    def stuck(self, operation: Operation) -> None:
        """The way out of an error must not boot from the rescue disk."""
        self._leave(operation)
        super().stuck(operation)

    def _leave(self, operation: Operation) -> None:
        """Let the rows say that it boots from its own disk, also where no step was undone."""
        instance = self.locked(operation)
        machine_disks.unplug_rescue(instance)
        transitions.change(instance, rescue_image=None)


def _rescue_image(instance: Instance) -> Image:
    if instance.rescue_image is None:
        raise ValueError(f"Instance {instance.pk} is not being rescued.")
    return instance.rescue_image
