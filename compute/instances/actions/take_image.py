"""Take an image: an independent copy of an instance's root disk, to launch further instances from."""

from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import clean_name
from accounts.openstack.schema import NAME, Schema, explained, extended, nullable, object_of, whole
from compute.api.schemas import METADATA
from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run
from compute.engine.services import metadata, transitions
from compute.images.actions.making import IMAGE, StoreImage, result_image
from compute.images.models import Image
from compute.images.services import images, properties
from compute.instances.actions.base import COPIES, InstanceAction
from compute.instances.actions.image_making import (
    ExportDisk,
    ImageAction,
    create_image_row,
)
from compute.instances.models import Instance
from compute.instances.services import volume_images
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState

_IMAGE: Schema = object_of({"name": NAME}, {"metadata": nullable(METADATA)})
BACKUP: Schema = extended(
    _IMAGE,
    {
        "backup_type": explained(NAME, gettext_lazy("Name the kind of backup, such as daily or weekly.")),
        "rotation": explained(whole(0, 2**31 - 1), gettext_lazy("Say how many backups of this kind stay.")),
    },
)
"""The body of `createBackup`, Nova's other name for the action."""


KEY = "image"
"""The parameter with the id that the image shall have, for whoever must know it before."""


class UploadImage(StoreImage):
    """Store the image. Its task is an upload, as in Nova."""

    def do(self, run: Run) -> None:
        transitions.set_task(run.subject, TaskState.IMAGE_UPLOADING)
        super().do(run)


class TakeImage(ImageAction):
    """Take an image. Takes `name` (default: instance and time) and `metadata`, which become properties.

    `schedule` is the id of the schedule that begins it, of whose images only the newest stay. `backups`, {"type",
    "rotation"}, limits the backups of one type likewise.
    """

    verb = "take_image"
    label = gettext_lazy("Take an image")
    icon = "camera"
    order = 200
    group = COPIES
    intro = gettext_lazy(
        "A copy of its disk becomes an image of this project, to launch further instances from. A running "
        "instance is copied as after a power cut (crash-consistent). Shut it down first if that is not enough."
    )
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED, VmState.SHELVED},
        task=TaskState.IMAGE_SNAPSHOT,
        end=None,
    )
    doing = gettext_lazy("Taking an image")
    schedulable = True
    api_name = "createImage"
    api_body = _IMAGE
    api_history = "createImage"
    reserves = True
    needs_own_disk = False  # `redirect` has another way for volumes
    bulk = False
    fields = ("name",)
    asks = True
    cancellable = True
    steps = (ExportDisk(), UploadImage())

    def redirect(self, row: Instance) -> Action:
        """Return the action without data for an instance that boots from a volume."""
        return registry.actions()["instance.take_volume_image"] if row.boots_from_volume else self

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"name": default_name(instance)}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Create the image's row. Raise BadInput naming `name` or `metadata`, OverQuota."""
        name = clean_name(parameters["name"]) if "name" in parameters else default_name(instance)
        texts = metadata.clean(parameters.get("metadata") or {})
        metadata.enforce_quota(instance.project_id, context.user.pk, texts)
        properties.enforce(texts)
        backups = parameters.get("backups")
        if backups:
            texts |= {"image_type": "backup", "backup_type": backups["type"]}
        schedule_id = parameters.get("schedule")
        image_parameters = create_image_row(
            context, instance, name, key=parameters.get(KEY), metadata=texts, schedule_id=schedule_id
        )
        return image_parameters | ({"backups": backups} if backups else {})

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        if schedule := result_image(operation).schedule:
            images.rotate(
                schedule.images.all(), schedule.keep, f"schedule {schedule.pk} keeps {schedule.keep}"
            )
        if backups := operation.parameters.get("backups"):
            backup_type, rotation = backups["type"], backups["rotation"]
            reason = f"backups of type {backup_type} keep {rotation}"
            images.rotate(_backups(self.locked(operation), backup_type), rotation, reason)


class TakeVolumeImage(InstanceAction):
    """Take snapshots of all volumes of an instance that boots from one, and make an image of them at once, as in Nova."""

    verb = "take_volume_image"
    label = TakeImage.label
    icon = "camera"
    order = 0
    reserves = True

    def rule(self, context: Context, instance: Instance) -> str:
        return "instance:take_image"

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput for a copy that later ones replace: snapshots would be left of it."""
        if parameters.get("backups") or parameters.get("schedule"):
            raise BadInput(_("It boots from a volume. Plan regular backups of its volumes instead."))
        name = clean_name(parameters["name"]) if "name" in parameters else default_name(instance)
        texts = metadata.clean(parameters.get("metadata") or {})
        metadata.enforce_quota(instance.project_id, context.user.pk, texts)
        properties.enforce(texts)
        image = volume_images.create(context, instance, parameters.get(KEY) or str(uuid4()), name, texts)
        return {IMAGE: str(image.pk), "name": name}


def _backups(instance: Instance, backup_type: str) -> QuerySet[Image]:
    """Return the instance's backups of this type, such as `daily`."""
    return instance.images_taken.filter(properties__image_type="backup", properties__backup_type=backup_type)


def default_name(instance: Instance) -> str:
    """Return a name made of the instance's name and the time in UTC."""
    return f"{instance.name[:230]}-{timezone.now():%Y-%m-%dT%H:%MZ}"
