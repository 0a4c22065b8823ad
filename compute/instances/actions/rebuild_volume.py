"""Rebuild of an instance that boots from a volume: the volume gets the data of an image."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from compute.engine.models import Subject
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import images
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.passwords import secret_password
from compute.instances.actions.rebuild import (
    DeliverImage,
    Rebuild,
    RewriteConfigDrive,
    chosen_image,
    image_of,
    new_values,
)
from compute.instances.actions.snapshot_delete import merge_unneeded
from compute.instances.actions.steps import Define, PowerOffTemporarily, RestorePower
from compute.instances.models import Instance
from compute.instances.services import hardware, machine_disks, volume_disks
from compute.instances.states import VmState
from compute.volumes.models import Volume
from compute.volumes.services import disk_layers, disks
from compute.volumes.services.volume_request import image_fields_of


class MakeNewTop(Step):
    """Create a file with the image's data beside the volume's disk."""

    name: ClassVar[str] = "new_disk"
    label: ClassVar[str] = gettext_noop("Create the disk")

    def do(self, run: Run) -> None:
        disk, image = volume_disks.disk_of(_volume(run.subject)), image_of(run)
        top = disk_layers.top_name(disk, run.operation.pk)
        if disk.volume_name != top:
            run.check()
            disks.bring_image(disk, top, image, run.progress)

    def undo(self, run: Run) -> None:
        disk = volume_disks.disk_of(_volume(run.subject))
        top = disk_layers.top_name(disk, run.operation.pk)
        if disk.volume_name != top:
            disks.pool_of(disk).delete(top)


class ReplaceData(Step):
    """Let the volume go on in that file. Final, since nothing holds what it had, unless a snapshot does."""

    name: ClassVar[str] = "exchange"
    label: ClassVar[str] = gettext_noop("Exchange the disks")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        instance, image = run.subject, image_of(run)
        claim_guest(run)
        volume = _volume(instance)
        disk = volume_disks.disk_of(volume)
        top = disk_layers.top_name(disk, run.operation.pk)
        with transaction.atomic():
            if disk.volume_name != top:
                disk_layers.revert_to(disk, None, top, image=disks.base_of(disk, image))
            transitions.change(volume, image=image, image_metadata=image_fields_of(image))
            transitions.change(instance, hardware=hardware.options_after_rebuild(instance, image))
            machine_disks.sync(instance)
        merge_unneeded(run, disk)


class RebuildVolume(InstanceAction):
    """What `Rebuild` is for an instance that boots from a volume. It takes the same parameters."""

    verb = "rebuild_volume"
    label = Rebuild.label
    icon = Rebuild.icon
    order = 0
    move = Rebuild.move
    doing = Rebuild.doing
    api_history = Rebuild.api_name
    cancellable = True
    steps = (
        DeliverImage(),
        MakeNewTop(),
        PowerOffTemporarily(),
        ReplaceData(),
        RewriteConfigDrive(),
        Define(),
        RestorePower(),
    )

    def rule(self, context: Context, instance: Instance) -> str:
        return "instance:rebuild"

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming the wrong field, Conflict while the volume changes."""
        volume = _volume(instance)
        if volume.task_state:
            raise Conflict(_("The volume is %(status)s.") % {"status": volume.shown_status})
        image = chosen_image(context, parameters, volume.image)
        if reason := images.too_large(image, instance.ram_mib, volume.size_gib):
            raise BadInput(fields={"image_id": reason})
        transitions.change(instance, **new_values(context, instance, image, parameters))
        return {"image": str(image.pk)}

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        return secret_password(parameters)

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Subject]:
        return volume_disks.boot_volumes(instance).select_for_update(of=("self",))

    def sharing(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Image]:
        return [images.get_existing(parameters["image"])]

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)


def _volume(instance: Instance) -> Volume:
    """Return the volume that the instance boots from. Raise Conflict if it has none any more."""
    rows = volume_disks.boot_volumes(instance)
    volume = rows.select_related("image", "disk__pool", "disk__image", "disk__layer").first()
    if volume is None:
        raise Conflict(_("The instance has no volume to boot from any more."))
    return volume
