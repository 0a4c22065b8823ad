"""Upload: make an image of a volume, which goes on meanwhile only if no guest has it open."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from accounts.names import clean_name
from accounts.services import inputs
from compute.driver.storage.flatten import flatten
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.images.actions.making import IMAGE, MakesImage, StoreImage, image_of
from compute.images.models import Image
from compute.images.services import image_fields, image_files, image_quota
from compute.volumes.actions.base import COPIES, VolumeAction
from compute.volumes.models import Volume
from compute.volumes.services import disks
from compute.volumes.states import VolumeState, VolumeTask

FORMATS = ("qcow2", "raw")
"""Formats of images that are made of volumes."""


class ExportVolume(Step):
    """Copy the disk with all that lies below it into one file."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        volume, image = run.subject, image_of(run)
        if volume.disk is None:
            raise Conflict(_("The volume has no disk."))
        transitions.change(image, status=Image.Status.SAVING)

        def progress(done: int, total: int) -> None:
            if run.progress(done, total):
                image_of(run)

        pool = disks.pool_of(volume.disk)
        source, below = pool.source_of(volume.disk.volume_name), disks.backing(volume.disk, pool)
        target, output = image_files.draft_of(image), image.volume_format
        flatten(source, below, target, volume.disk.size_bytes, progress, output)

    def undo(self, run: Run) -> None:
        image_files.remove_file(run.operation.parameters[IMAGE])


class Upload(MakesImage, VolumeAction):
    """Takes `name`, and maybe `disk_format`, `container_format`, `visibility` and `protected`."""

    verb = "upload"
    label = gettext_lazy("Make an image")
    icon = "disc"
    order = 105
    group = COPIES
    intro = gettext_lazy("Further volumes and instances can begin with all that is on it.")
    move = Move(start=frozenset({VolumeState.AVAILABLE}), task=VolumeTask.UPLOADING, end=None)
    doing = gettext_lazy("Making an image")
    reserves = True
    bulk = False
    fields = ("name",)
    asks = True
    cancellable = True
    steps = (ExportVolume(), StoreImage())

    def initial(self, volume: Volume) -> dict[str, str]:
        return {"name": f"{str(volume)[:248]}-image"}

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Create the image's row. Raise BadInput, Forbidden, OverQuota."""
        disk_format = parameters.get("disk_format") or FORMATS[0]
        if disk_format not in FORMATS:
            raise BadInput(
                fields={"disk_format": _("Say one of %(choices)s.") % {"choices": ", ".join(FORMATS)}}
            )
        visibility = parameters.get("visibility") or "private"
        if visibility not in image_fields.VISIBILITIES:
            choices = ", ".join(image_fields.VISIBILITIES)
            raise BadInput(fields={"visibility": _("Say one of %(choices)s.") % {"choices": choices}})
        image_fields.enforce_visibility(context, visibility)
        image_quota.reserve(volume.project, context.user, count=1)
        origin = volume.image_metadata
        image = Image.objects.create(
            project=volume.project,
            user=context.user if context.user.pk else None,
            name=clean_name(parameters.get("name")),
            visibility=visibility,
            protected=inputs.flag(parameters, "protected", False),
            disk_format=disk_format,
            os_type=origin.get("os_type", ""),
            default_user=origin.get("os_admin_user", ""),
            min_disk_gib=volume.size_gib,
            task_state=Image.SAVING,
            properties={name: text for name, text in origin.items() if name.startswith(("hw_", "os_"))},
        )
        transitions.change(image)
        return {IMAGE: str(image.pk), "name": image.name}
