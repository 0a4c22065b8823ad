"""Take an image: a copy of an instance's disk that stands alone, to launch further instances from."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import clean_name
from compute.engine.models import Operation
from compute.engine.operations import Run
from compute.images.services import images
from compute.instances.actions.image_making import CopyOut, DescribeFile, MakesImage, made_by, new_image
from compute.instances.models import Instance
from compute.instances.services import hardware_options, labels, transitions
from compute.instances.states import TaskState


class StoreImage(DescribeFile):
    """As clients know it from Nova, the copy is an upload from here on."""

    def do(self, run: Run) -> None:
        transitions.task(run.instance, TaskState.IMAGE_UPLOADING)
        super().do(run)


class TakeImage(MakesImage):
    """Takes `name`, without one the instance's with the time, and `metadata`, which become the image's properties.

    A `schedule` that comes round gives its id: it keeps its newest images only. So do `backups`, which are
    {"type", "rotation"}: of those of one type as many stay.
    """

    verb = "take_image"
    label = gettext_lazy("Take an image")
    icon = "camera"
    bulk = False
    fields = ("name",)
    asks = True
    cancellable = True
    steps = (CopyOut(), StoreImage())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make the image's row. Raises BadInput naming `name` or `metadata`, OverQuota."""
        name = clean_name(parameters["name"]) if "name" in parameters else usual_name(instance)
        metadata = labels.metadata(parameters.get("metadata") or {})
        labels.enforce_quota(instance.project_id, context.user.pk, metadata)
        for key, value in metadata.items():
            if reason := hardware_options.wrong_property(key, value):
                raise BadInput(fields={"metadata": f"{key}: {reason}"})
        backups = parameters.get("backups")
        if backups:
            metadata |= {"image_type": "backup", "backup_type": backups["type"]}
        schedule_id = parameters.get("schedule")
        made = new_image(context, instance, name, metadata=metadata, schedule_id=schedule_id)
        return made | ({"backups": backups} if backups else {})

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        if schedule := made_by(operation).schedule:
            images.thin(schedule.images.all(), schedule.keep, schedule=str(schedule.pk))
        if backups := operation.parameters.get("backups"):
            kind = backups["type"]
            images.thin(images.backups(operation.instance, kind), backups["rotation"], backup_type=kind)


def usual_name(instance: Instance) -> str:
    """A name that tells of what and when, in UTC."""
    return f"{instance.name[:230]}-{timezone.now():%Y-%m-%dT%H:%MZ}"
