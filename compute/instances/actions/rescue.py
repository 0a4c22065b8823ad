"""Rescue: boot from another image with the instance's own disk attached beside it, to mend what is on it."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from compute.engine.actions.base import CARRIED_PASSWORD, Action, secret
from compute.engine.models import Operation
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import images
from compute.instances.actions.launch import GIB
from compute.instances.actions.rebuild import WriteConfigDriveAnew
from compute.instances.actions.steps import Define, PowerOff, PowerOn, make_anew, power_before
from compute.instances.models import Instance
from compute.instances.services import transitions


class BringRescueImage(Step):
    """Have the rescue image in the pool. Undone last, it leaves the machine as it was."""

    name: ClassVar[str] = "image"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        images.bring(_rescue_image(run.instance), hosts.pool_of(run.instance), run.progress)

    def undo(self, run: Run) -> None:
        transitions.change(run.instance, rescue_image=None)
        make_anew(run)


class MakeRescueDisk(Step):
    """Make the disk to boot from as an overlay of the rescue image."""

    name: ClassVar[str] = "rescue_disk"
    label: ClassVar[str] = gettext_noop("Make the rescue disk")

    def do(self, run: Run) -> None:
        instance = run.instance
        image = _rescue_image(instance)
        run.check()
        hosts.pool_of(instance).overlay(
            instance.rescue_disk_name,
            image.volume_name,
            max(image.virtual_size, GIB),
            "qcow2" if image.disk_format == "qcow2" else "raw",
        )

    def undo(self, run: Run) -> None:
        hosts.pool_of(run.instance).delete(run.instance.rescue_disk_name)


class Rescue(Action):
    """Takes `image_id` (without one, the image that the instance was launched from) and a password for the guest."""

    verb = "rescue"
    label = _("Rescue")
    icon = "lifebuoy"
    confirm = _("It is powered off and boots from its image; its own disk is attached as the second one.")
    bulk = False
    fields = ("image_id",)
    asks = True
    steps = (BringRescueImage(), PowerOff(), MakeRescueDisk(), WriteConfigDriveAnew(), Define(), PowerOn())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if wanted := parameters.get("image_id"):
            try:
                image = images.get(context, wanted)
            except NotFound as error:
                raise BadInput(fields={"image_id": error.text}) from error
        else:
            image = images.of(instance)
        transitions.change(instance, rescue_image=image, restore_to=power_before(instance))
        return {"image": str(image.pk)} | secret(parameters.get(CARRIED_PASSWORD))

    def failed(self, operation: Operation) -> None:
        _without_image(operation)
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        _without_image(operation)
        super().cancelled(operation)


def _without_image(operation: Operation) -> None:
    """Also where no step had begun, so that none was undone."""
    transitions.change(operation.instance, rescue_image=None)


def _rescue_image(instance: Instance) -> Image:
    if instance.rescue_image is None:
        raise ValueError(f"Instance {instance.pk} is not being rescued.")
    return instance.rescue_image
