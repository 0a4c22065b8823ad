"""The making of images of instances' disks: the row in `prepare`, the file in two steps."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import uuid4

from django.utils.translation import gettext_noop

from accounts.context import Context
from compute.driver.storage.flatten import flatten
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.images.actions.making import IMAGE, MakesImage, image_of
from compute.images.models import Image
from compute.images.services import image_files, image_quota, images
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.disk_copying import copy_live, disk_capacity, is_running, live_copy
from compute.instances.models import Instance
from compute.instances.services import (
    boot_images,
    hardware_options,
    machine_disks,
)
from compute.volumes.models import Disk
from compute.volumes.services import disks

INHERITED_PREFIXES = ("hw_", "os_")
"""Prefixes of the properties that a new image inherits from the image under the disk."""

Status = Image.Status


class ExportDisk(Step):
    """Copy the root disk with its backing image into one file: live if the guest runs, else from its volumes."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        instance, image = run.subject, image_of(run)
        transitions.change(image, status=Status.SAVING)
        target, root = image_files.draft_of(image), machine_disks.root(instance)

        def progress(done: int, total: int) -> None:
            if run.progress(done, total):
                image_of(run)

        if target.exists():
            pass  # an earlier attempt made it whole
        elif is_running(instance):
            copy, pool, size = machine_disks.copy_of(root), disks.pool_of(root), disk_capacity(root)
            live = live_copy(instance, root, copy.volume_name, stands_alone=True)
            copy_live(run, live, lambda: pool.create(copy.volume_name, size), progress)
            pool.export(copy.volume_name, target, progress)
        else:
            source = disks.pool_of(root).source_of(root.volume_name)
            flatten(source, disks.backing(root, disks.pool_of(root)), target, disk_capacity(root), progress)
        for copy in _disk_copies(instance):
            disks.remove(copy)

    def undo(self, run: Run) -> None:
        """Remove the file first, since that needs no host, then the copies in the pool."""
        image_files.remove_file(run.operation.parameters[IMAGE])
        instance = run.subject
        for copy in _disk_copies(instance):
            live_copy(instance, machine_disks.root(instance), copy.volume_name, stands_alone=True).end()
            disks.remove(copy)


class ImageAction(MakesImage, InstanceAction):
    """Make an image of an instance's disk. `prepare` returns what `create_image_row` returns."""

    needs_own_disk = True

    def sharing(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Image]:
        return [instance.image] if instance.image else []


def create_image_row(
    context: Context,
    instance: Instance,
    name: str,
    *,
    key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    schedule_id: str | None = None,
) -> dict[str, Any]:
    """Create the image's row, private to the project. Return the operation's parameters. Raise OverQuota."""
    base = boot_images.image_of(instance)
    image_quota.reserve(instance.project, context.user, count=1)
    image = Image.objects.create(
        pk=key or uuid4(),
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
        properties=_inherited_properties(instance, base)
        | _origin_properties(instance, base)
        | dict(metadata or {}),
    )
    transitions.change(image)
    return {IMAGE: str(image.pk), "name": name}


def discard_shelved_image(instance: Instance) -> None:
    """Discard the image that shelving made, unless disks have it as their backing image."""
    if key := instance.shelved_image_id:
        transitions.change(instance, shelved_image=None)
        images.discard_unused(key, "unshelved")


def _inherited_properties(instance: Instance, base: Image) -> dict[str, str]:
    """Return the inherited properties, as the image had them when the instance was launched."""
    properties = {
        name: value for name, value in base.properties.items() if name not in hardware_options.PROPERTIES
    }
    return {
        name: value
        for name, value in (properties | instance.hardware.get("image", {})).items()
        if name.startswith(INHERITED_PREFIXES)
    }


def _origin_properties(instance: Instance, base: Image) -> dict[str, str]:
    """Return the origin of the image, in Nova's properties of snapshots."""
    return {"image_type": "snapshot", "base_image_ref": str(base.pk), "instance_uuid": str(instance.pk)}


def _disk_copies(instance: Instance) -> Iterable[Disk]:
    """Return the disks that hold a live copy of the root disk, before it is exported."""
    return instance.disks.filter(role=Disk.Role.COPY).select_related("pool")
