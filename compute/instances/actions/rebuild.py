"""Rebuild: replace the root disk by a new one from an image; id, addresses and size stay."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.names import clean_name
from accounts.openstack.contract import by_version
from accounts.openstack.schema import FLAG, NAME, Schema, explained, nullable, object_of, text
from accounts.services import inputs
from compute.api.schemas import DISK_CONFIG, METADATA, UNSUPPORTED
from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import delivery, images
from compute.instances.actions.base import SYSTEM, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.config_drives import write_config_drive
from compute.instances.actions.passwords import secret_password
from compute.instances.actions.schemas import ACCESS, PASSWORD, USER_DATA, hostname
from compute.instances.actions.steps import Define, PowerOffTemporarily, RestorePower, state_to_restore
from compute.instances.models import Instance
from compute.instances.services import (
    guests,
    hardware,
    keypairs,
    labels,
    machine_disks,
    user_data,
    volume_disks,
)
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Disk
from compute.volumes.services import disks


def _body(minor: int) -> Schema:
    """Return the schema of the body in this minor version."""
    optional: dict[str, Schema] = {
        "adminPass": PASSWORD,
        "name": NAME,
        "metadata": METADATA,
        "preserve_ephemeral": FLAG,
        "OS-DCF:diskConfig": DISK_CONFIG,
        **ACCESS,
    }
    if minor >= 19:
        optional["description"] = nullable(text(255))
    if minor >= 54:
        optional["key_name"] = nullable(text(255))
    if minor >= 57:
        optional["user_data"] = USER_DATA
    else:
        optional["personality"] = UNSUPPORTED
    if minor >= 63:
        optional["trusted_image_certificates"] = UNSUPPORTED
    if minor >= 90:
        optional["hostname"] = hostname(minor)
    return object_of({"imageRef": explained(NAME, _("Choose an image."))}, optional)


class DeliverImage(Step):
    name: ClassVar[str] = "image"
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        delivery.wait_for_copy(run, image_of(run), guests.host_of(run.subject))


class MakeNewDisk(Step):
    """Create the new root disk beside the old one, which stays until the exchange."""

    name: ClassVar[str] = "new_disk"
    label: ClassVar[str] = gettext_noop("Create the disk")

    def do(self, run: Run) -> None:
        instance, image = run.subject, image_of(run)
        size = max(instance.disk_gib * machine_disks.GIB, image.virtual_size)
        run.check()
        disks.make(machine_disks.new_root(instance, image.pk, size))

    def undo(self, run: Run) -> None:
        for disk in run.subject.disks.filter(role=Disk.Role.ROOT, device=""):
            disks.remove(disk)


class ExchangeDisks(Step):
    """Replace the old root disk by the new one, and delete the old one."""

    name: ClassVar[str] = "exchange"
    label: ClassVar[str] = gettext_noop("Exchange the disks")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        instance = run.subject
        claim_guest(run)
        image = image_of(run)
        with transaction.atomic():
            machine_disks.exchange_root(instance)
            transitions.change(
                instance, image=image, hardware=hardware.options_after_rebuild(instance, image)
            )
            machine_disks.sync(instance)
        for disk in instance.disks.filter(role=Disk.Role.REPLACED):
            disks.remove(disk)


class RewriteConfigDrive(Step):
    name: ClassVar[str] = "config_drive"
    label: ClassVar[str] = gettext_noop("Write the config drive")

    def do(self, run: Run) -> None:
        write_config_drive(run, run.subject)


class Rebuild(InstanceAction):
    """Rebuild an instance. Takes `image_id` (default: the present image), `name`, and values for its config drive."""

    verb = "rebuild"
    label = _("Rebuild")
    icon = "hammer"
    order = 180
    group = SYSTEM
    move = Move(
        start=RUNS_OR_OFF | {VmState.ERROR},
        task=TaskState.REBUILDING,
        end=VmState.ACTIVE,
    )
    doing = _("Rebuilding")
    api_name = "rebuild"
    api_body = by_version(_body, 19, 54, 57, 63, 90, 94)
    danger = True
    confirm = _("Its disk is erased and made anew from the image. Address and sizes stay.")
    bulk = False
    fields = ("image_id",)
    asks = True
    cancellable = True
    steps = (
        DeliverImage(),
        MakeNewDisk(),
        PowerOffTemporarily(),
        ExchangeDisks(),
        RewriteConfigDrive(),
        Define(),
        RestorePower(),
    )

    def initial(self, instance: Instance) -> dict[str, str]:
        """Return the image that the instance, or the volume that it boots from, was made of."""
        volume = volume_disks.boot_volumes(instance).first() if instance.boots_from_volume else None
        return {"image_id": str((volume.image_id if volume else instance.image_id) or "")}

    def blocker(self, instance: Instance) -> str:
        if instance.snapshot_count:
            return str(_("Its snapshots lie under the disk. Delete them, or revert to one of them instead."))
        return super().blocker(instance)

    def redirect(self, row: Instance) -> Action:
        """Return the action for an instance that boots from a volume, whose data are replaced."""
        return registry.actions()["instance.rebuild_volume"] if row.boots_from_volume else self

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        image = chosen_image(context, parameters, instance.image)
        if reason := images.too_large(image, instance.ram_mib, instance.disk_gib):
            raise BadInput(fields={"image_id": reason})
        transitions.change(instance, **new_values(context, instance, image, parameters))
        return {"image": str(image.pk)}

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        return secret_password(parameters)

    def sharing(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Image]:
        return [images.get_existing(parameters["image"])]

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)


def chosen_image(context: Context, parameters: dict[str, Any], present: Image | None) -> Image:
    """Return the image `image_id`, by default the present one. Raise BadInput, Conflict if there is none any more."""
    if not parameters.get("image_id"):
        if present is None:
            raise Conflict(_("Its image was deleted. Choose another one."))
        return present
    try:
        return images.get_launchable(context, parameters["image_id"])
    except NotFound as error:
        raise BadInput(fields={"image_id": error.text}) from error


def new_values(
    context: Context, instance: Instance, image: Image, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Return the columns that a rebuild from the image changes at once. Raise BadInput naming the wrong field."""
    if reason := hardware.rebuild_refusal(instance, image):
        raise BadInput(fields={"image_id": reason})
    changed: dict[str, Any] = {"restore_to": state_to_restore(instance)}
    if "name" in parameters:
        changed["name"] = clean_name(parameters["name"])
    if "description" in parameters:
        changed["description"] = inputs.text(parameters, "description", longest=255)
    if "user_data" in parameters:
        changed["user_data"] = user_data.encode(parameters["user_data"])
    if "key_name" in parameters:
        changed |= _key(context, parameters["key_name"])
    for field in labels.CHECKS.keys() & parameters.keys():
        changed[field] = labels.CHECKS[field](parameters[field])
    return changed


def _key(context: Context, name: object) -> dict[str, str]:
    """Return the columns for the asker's key pair of this name; None removes the key."""
    if name is None:
        return {"key_name": "", "public_key": ""}
    try:
        keypair = keypairs.get(context, str(name))
    except NotFound as error:
        raise BadInput(fields={"key_name": error.text}) from error
    return {"key_name": keypair.name, "public_key": keypair.public_key}


def image_of(run: Run) -> Image:
    return images.get_existing(run.operation.parameters["image"])
