"""Insert and eject: change the medium in a CD-ROM drive, also while the guest runs."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.images.models import Image
from compute.images.services import delivery, images
from compute.instances.actions.base import SYSTEM, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import define
from compute.instances.actions.volume_attach import disk_plug
from compute.instances.models import Instance
from compute.instances.services import guest_spec, guests, machine_disks
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Disk

MOST_DRIVES = 2
"""Drives of a machine: one for the system to install, one for drivers that it lacks."""
EARLIER = "earlier"
"""The parameter with the id of the image that was in the drive; empty if none was."""


class DeliverIso(Step):
    """Deliver the ISO into the pool, once for all that need it."""

    name: ClassVar[str] = delivery.STEP
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        image_id = run.operation.parameters.get("image")
        if image_id:
            delivery.wait_for_copy(run, images.get_existing(image_id), guests.host_of(run.subject))


class ChangeMedium(Step):
    """Put the medium into the drive, or take it out, and define the guest so for its next start."""

    name: ClassVar[str] = "medium"
    label: ClassVar[str] = gettext_noop("Change the medium")

    def do(self, run: Run) -> None:
        self._change(run, run.operation.parameters.get("image"))

    def undo(self, run: Run) -> None:
        self._change(run, run.operation.parameters[EARLIER])

    def _change(self, run: Run, image_id: str | None) -> None:
        instance = run.subject
        drive = Disk.objects.select_related("pool").get(pk=run.operation.parameters["drive"])
        drive.image = Image.objects.get(pk=image_id) if image_id else None
        drive.save(update_fields=["image"])
        if guests.is_running(instance):
            claim_guest(run, instance)
            disk_plug(instance).change_media(guest_spec.disk_spec(instance, drive))
        define(run)


class _MediumAction(InstanceAction):
    group = SYSTEM
    bulk = False
    move = Move(start=RUNS_OR_OFF | {VmState.PAUSED}, task=TaskState.CHANGING_MEDIUM, end=None)
    doing = gettext_lazy("Changing the medium")
    steps = (DeliverIso(), ChangeMedium())


class InsertCd(_MediumAction):
    """Takes `iso`, the id of an ISO image. Without an empty drive, a machine that is off gets one."""

    verb = "insert_cd"
    label = gettext_lazy("Insert an ISO")
    icon = "disc"
    order = 165
    intro = gettext_lazy(
        "The guest sees it in its CD-ROM drive, for instance to install a system or drivers from."
    )
    fields = ("iso",)
    asks = True

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            image = images.get_iso(context, parameters.get("iso"))
        except NotFound as error:
            raise BadInput(fields={"iso": error.text}) from error
        drives = machine_disks.drives(instance)
        empty = next((drive for drive in drives if drive.image is None), None)
        if empty is None and len(drives) < MOST_DRIVES and instance.vm_state == VmState.STOPPED:
            empty = machine_disks.add_drive(instance)
        if empty is None and len(drives) < MOST_DRIVES:
            raise Conflict(_("It has no empty CD-ROM drive. Eject one, or stop it: then it gets another."))
        if empty is None:
            raise Conflict(_("Both of its CD-ROM drives are full. Eject one first."))
        return {"image": str(image.pk), "drive": str(empty.pk), EARLIER: ""}

    def sharing(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Image]:
        return [images.get_existing(parameters["image"])]


class EjectCd(_MediumAction):
    """Takes `drive`, the device name of one drive; by default the first with a medium."""

    verb = "eject_cd"
    label = gettext_lazy("Eject the ISO")
    icon = "player-eject"
    order = 166
    fields = ("drive",)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        device = parameters.get("drive")
        for drive in machine_disks.drives(instance):
            if drive.image_id is not None and device in {None, "", drive.device}:
                return {"drive": str(drive.pk), EARLIER: str(drive.image_id)}
        raise Conflict(_("There is no ISO in its drives."))
