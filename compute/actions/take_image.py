"""Take an image: a copy of an instance's disk that stands alone, to launch further instances from."""

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import clean_name
from compute.actions.base import Action
from compute.actions.disk_copying import copy_while_it_runs, live_copy, runs, size_of
from compute.driver.flatten import flatten
from compute.models import Image, Instance, Operation
from compute.operations import Cancelled, Run, Step
from compute.services import guest_spec, hardware_options, hosts, image_files, images, labels, transitions
from compute.states import TaskState

INHERITED = ("hw_", "os_")
"""What the image under the disk says of guests, its copy says too."""

Status = Image.Status


class CopyOut(Step):
    """Copy the disk with the image under it: of one that runs while it runs, of one that is off from its files."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        instance, image = run.instance, _image(run)
        images.change(image, status=Status.SAVING)
        target, pool = image_files.file_of(image), hosts.pool_of(instance)

        def progress(done: int, total: int) -> None:
            _image(run)
            run.progress(done, total)

        if target.exists():
            return
        if runs(instance):
            copy, size = instance.taken_name, size_of(instance)
            live = live_copy(instance, copy, stands_alone=True)
            copy_while_it_runs(run, live, lambda: pool.create_empty(copy, size), progress)
            pool.give_away(copy, target, progress)
        else:
            base = guest_spec.backing(images.of(instance), pool)
            flatten(pool.volume_path(instance.disk_name), base, target, size_of(instance), progress)

    def undo(self, run: Run) -> None:
        instance = run.instance
        if instance.hypervisor is not None:
            live_copy(instance, instance.taken_name).end()
            hosts.pool_of(instance).delete(instance.taken_name)
        image_files.remove_file(run.operation.parameters["image"])


class DescribeFile(Step):
    """Look into the file, as into every image's, and keep its sizes and its digest."""

    name: ClassVar[str] = "describe"
    label: ClassVar[str] = gettext_noop("Store the image")

    def do(self, run: Run) -> None:
        transitions.task(run.instance, TaskState.IMAGE_UPLOADING)
        image = _image(run)
        images.change(image, **image_files.measured(image_files.file_of(image), run.progress))


class TakeImage(Action):
    """Takes `name`, without one the instance's with the time, and `metadata`, which become the image's properties."""

    verb = "take_image"
    label = gettext_lazy("Take an image")
    icon = "camera"
    bulk = False
    fields = ("name",)
    asks = True
    cancellable = True
    steps = (CopyOut(), DescribeFile())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make the image's row, its project's own. Raises BadInput naming `name` or `metadata`, OverQuota."""
        name = clean_name(parameters["name"]) if "name" in parameters else usual_name(instance)
        metadata = labels.metadata(parameters.get("metadata") or {})
        labels.enforce_quota(instance.project_id, context.user.pk, metadata)
        for key, value in metadata.items():
            if reason := hardware_options.wrong_property(key, value):
                raise BadInput(fields={"metadata": f"{key}: {reason}"})
        base = images.of(instance)
        image = Image.objects.create(
            project_id=instance.project_id,
            name=name,
            visibility="private",
            taken_from=instance,
            os_type=base.os_type,
            default_user=base.default_user,
            min_ram_mib=base.min_ram_mib,
            min_disk_gib=instance.disk_gib,
            properties=_inherited(instance, base) | _origin(instance, base) | metadata,
        )
        images.change(image)
        return {"image": str(image.pk), "name": name}

    def succeeded(self, operation: Operation) -> None:
        """Whoever deleted it in the last moment is not given it back."""
        super().succeeded(operation)
        images.change(_made(operation), status=Status.ACTIVE)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        images.discard(_made(operation))

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        images.discard(_made(operation))


def usual_name(instance: Instance) -> str:
    """A name that tells of what and when, in UTC."""
    return f"{instance.name[:230]}-{timezone.now():%Y-%m-%dT%H:%MZ}"


def _inherited(instance: Instance, base: Image) -> dict[str, str]:
    """What the image said when the instance was made from it counts, not what it says since."""
    said = {name: value for name, value in base.properties.items() if name not in hardware_options.PROPERTIES}
    return {
        name: value
        for name, value in (said | instance.hardware.get("image", {})).items()
        if name.startswith(INHERITED)
    }


def _origin(instance: Instance, base: Image) -> dict[str, str]:
    """Nova's names of where a snapshot comes from."""
    return {"image_type": "snapshot", "base_image_ref": str(base.pk), "instance_uuid": str(instance.pk)}


def _image(run: Run) -> Image:
    """The image that is made. Raises Cancelled when somebody deleted it meanwhile."""
    image = _made(run.operation)
    if image.status == Status.DELETED:
        raise Cancelled
    return image


def _made(operation: Operation) -> Image:
    return Image.objects.get(pk=operation.parameters["image"])
