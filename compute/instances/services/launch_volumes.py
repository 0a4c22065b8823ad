"""The volumes of an instance that is being launched: their rows from the request to the end."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.locking import lock_all
from accounts.models import User
from compute.engine.services import transitions
from compute.hosts.services import pools
from compute.images.models import Image
from compute.instances.models import Instance
from compute.instances.services import volume_disks
from compute.instances.services.block_devices import CheckedDevice
from compute.volumes.models import Attachment, Backup, Volume, VolumeSnapshot
from compute.volumes.services import volume_placement
from compute.volumes.states import VolumeState, VolumeTask

AVAILABLE = "available"
"""The status of snapshots and backups that volumes are made of."""


def lock(devices: Iterable[CheckedDevice]) -> None:
    """Lock the present volumes among the devices, and what new ones are made of. Raise Conflict if that changes."""
    devices = list(devices)
    keys = [device.volume.pk for device in devices if device.volume]
    lock_all(Volume.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    for rows in (
        VolumeSnapshot.objects.filter(pk__in=[device.snapshot.pk for device in devices if device.snapshot]),
        Backup.objects.filter(pk__in=[device.backup.pk for device in devices if device.backup]),
    ):
        lock_all(rows.select_for_update(no_key=True).order_by("pk"))
        for row in rows.all():
            if row.task_state or row.status != AVAILABLE:
                raise Conflict(_("%(source)s is just changing. Try again.") % {"source": row})


def create_rows(instance: Instance, devices: Iterable[CheckedDevice], user: User) -> list[Volume]:
    """Make the rows of new volumes, and the attachments of all. Return the volumes, which are locked. Raise Conflict."""
    volumes = []
    for device in devices:
        volume = _reserved(device.volume) if device.volume else _created(instance, device, user)
        Attachment.objects.filter(volume=volume, released=True).delete()
        Attachment.objects.create(
            volume=volume,
            instance=instance,
            boots=device.wish.boots,
            device=device.wish.device,
            delete_on_termination=device.wish.delete_on_termination,
            tag=device.wish.tag,
        )
        volumes.append(volume)
    return volumes


def _reserved(volume: Volume) -> Volume:
    locked = Volume.objects.select_for_update(of=("self",)).get(pk=volume.pk)
    if locked.status != VolumeState.AVAILABLE or locked.task_state:
        raise Conflict(_("%(volume)s is in use or just changing. Detach it first.") % {"volume": volume})
    transitions.set_task(locked, VolumeTask.ATTACHING)
    return locked


def _created(instance: Instance, device: CheckedDevice, user: User) -> Volume:
    if device.new is None:
        raise ValueError("The device has neither a volume nor a request for one.")
    columns = dict(device.new.columns) | {"name": "" if not device.wish.boots else instance.name}
    volume = Volume.objects.create(
        project=instance.project,
        user=user,
        size_gib=device.new.size_gib,
        task_state=VolumeTask.CREATING,
        **columns,
    )
    transitions.change(volume)
    return volume


@transaction.atomic
def plug(instance: Instance, *, boot: bool) -> None:
    """Give the volumes their places in the machine, on the instance's host: that it boots from, or the others."""
    for attachment in instance.attachments.filter(boots=boot, released=False).order_by("created_at", "pk"):
        volume = Volume.objects.select_related("disk__pool").get(pk=attachment.volume_id)
        if volume.disk is None and instance.hypervisor is not None:
            pool = volume_placement.source_pool(volume) or pools.default(instance.hypervisor)
            volume_placement.create_disk(volume, pool)
        if volume_disks.disk_of(volume).instance_id is None:
            volume_disks.place(instance, volume, attachment.device)


def new(instance: Instance) -> list[Volume]:
    """Return the volumes that are made with the instance."""
    rows = Volume.objects.filter(attachments__instance=instance, status=VolumeState.CREATING)
    return list(rows.select_related("image", "disk__pool", "disk__image").order_by("created_at", "pk"))


def images(instance: Instance) -> list[Image]:
    """Return the images that the new volumes are made of."""
    return [volume.image for volume in new(instance) if volume.image is not None]


def settle(instance: Instance) -> None:
    """Note that the instance has its volumes."""
    for volume in _locked(instance):
        transitions.settle(volume, VolumeState.IN_USE)
    instance.attachments.filter(released=False).update(attached_at=timezone.now())


def give_up(instance: Instance) -> None:
    """Release the volumes of a launch that failed. New ones, whose data are gone, count as deleted."""
    for volume in _locked(instance):
        is_new = volume.status == VolumeState.CREATING
        volume_disks.unplug(volume)
        if is_new:
            volume_placement.forget(volume)
        transitions.settle(volume, VolumeState.DELETED if is_new else VolumeState.AVAILABLE)


def _locked(instance: Instance) -> list[Volume]:
    rows = Volume.objects.filter(attachments__instance=instance, attachments__released=False)
    keys = sorted(rows.values_list("pk", flat=True))
    return list(
        Volume.objects.select_for_update(of=("self",))
        .select_related("disk")
        .filter(pk__in=keys)
        .order_by("pk")
    )
