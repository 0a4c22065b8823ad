"""What verbs share that make an image of an instance's disk: the row at once, the file in two steps."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.context import Context
from compute.driver.storage.flatten import flatten
from compute.engine.models import Operation
from compute.engine.operations import Cancelled, Run, Step, queue
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import image_files, images
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.disk_copying import copy_while_it_runs, live_copy, runs, size_of
from compute.instances.models import Instance
from compute.instances.services import (
    boot_images,
    hardware_options,
    machine_disks,
    resources,
)
from compute.volumes.models import Disk
from compute.volumes.services import disks

INHERITED = ("hw_", "os_")
"""What the image under the disk says of guests, its copy says too."""

Status = Image.Status


class CopyOut(Step):
    """Copy the disk with the image under it: of one that runs while it runs, of one that is off from its files."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        instance, image = run.subject, _image(run)
        transitions.change(image, status=Status.SAVING)
        target, root = image_files.file_of(image), machine_disks.root(instance)

        def progress(done: int, total: int) -> None:
            if run.progress(done, total):
                _image(run)

        if target.exists():
            pass  # an earlier attempt made it whole
        elif runs(instance):
            copy, pool, size = machine_disks.copy_of(root), disks.pool_of(root), size_of(root)
            live = live_copy(instance, root, copy.volume_name, stands_alone=True)
            copy_while_it_runs(run, live, lambda: pool.create(copy.volume_name, size), progress)
            pool.export(copy.volume_name, target, progress)
        else:
            source = disks.pool_of(root).source_of(root.volume_name)
            flatten(source, disks.backing(root), target, size_of(root), progress)
        for copy in _copies(instance):
            disks.remove(copy)

    def undo(self, run: Run) -> None:
        """The file goes first: that needs no host, and nothing else removes it."""
        image_files.remove_file(run.operation.parameters["image"])
        instance = run.subject
        for copy in _copies(instance):
            live_copy(instance, machine_disks.root(instance), copy.volume_name, stands_alone=True).end()
            disks.remove(copy)


class DescribeFile(Step):
    """Look into the file, as into every image's, and keep its sizes and its digest."""

    name: ClassVar[str] = "describe"
    label: ClassVar[str] = gettext_noop("Store the image")

    def do(self, run: Run) -> None:
        """Only now is known how much there is to store. Raises OverQuota."""
        image, project = _image(run), run.subject.project
        facts = image_files.measure(image_files.file_of(image), run.progress)
        with transaction.atomic():
            resources.reserve_image(project, image.user, size=facts["size"] - image.size)
            transitions.change(image, **facts)


class MakesImage(InstanceAction):
    """Its `prepare` returns what `new_image` returns; however the operation ends, the image's row follows."""

    def also(self, instance: Instance, kept: dict[str, Any]) -> Iterable[Image]:
        return [Image.objects.get(pk=kept["image"])]

    def sharing(self, instance: Instance, kept: dict[str, Any]) -> Iterable[Image]:
        return [instance.image] if instance.image else []

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        image = made_by(operation)
        task_state = image.task_state if queue.is_awaited(operation, image.pk) else None
        transitions.settle(image, Status.ACTIVE, task_state=task_state)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        self._forget(operation)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        self._forget(operation)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        self._forget(operation)

    def _forget(self, operation: Operation) -> None:
        """There is no image; one whose deletion is in line is ended by that."""
        image = made_by(operation)
        if not queue.is_awaited(operation, image.pk):
            transitions.settle(image, Status.DELETED)


def new_image(
    context: Context,
    instance: Instance,
    name: str,
    *,
    metadata: Mapping[str, str] | None = None,
    schedule_id: str | None = None,
) -> dict[str, Any]:
    """Make the image's row, its project's own; returns what the operation must know of it. Raises OverQuota."""
    base = boot_images.image_of(instance)
    resources.reserve_image(instance.project, context.user, count=1)
    image = Image.objects.create(
        project_id=instance.project_id,
        name=name,
        visibility="private",
        taken_from=instance,
        task_state=Image.SAVING,
        user=context.user if context.user.pk else None,
        schedule_id=schedule_id,
        os_type=base.os_type,
        default_user=base.default_user,
        min_ram_mib=base.min_ram_mib,
        min_disk_gib=instance.disk_gib,
        properties=_inherited(instance, base) | _origin(instance, base) | dict(metadata or {}),
    )
    transitions.change(image)
    return {"image": str(image.pk), "name": name}


def made_by(operation: Operation) -> Image:
    return Image.objects.get(pk=operation.parameters["image"])


def forget_shelved_image(instance: Instance) -> None:
    """Discard what shelving made, unless disks stand on it by now: then it stays, an image like any other."""
    if key := instance.shelved_image_id:
        transitions.change(instance, shelved_image=None)
        images.discard_unused(key, "unshelved")


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


def _copies(instance: Instance) -> Iterable[Disk]:
    """Disks that a running instance's disk is copied to, before an image is made of them."""
    return instance.disks.filter(role=Disk.Role.COPY).select_related("pool")


def _image(run: Run) -> Image:
    """The image that is made. Raises Cancelled when somebody deleted it meanwhile."""
    image = made_by(run.operation)
    if image.status == Status.DELETED:
        raise Cancelled
    return image
