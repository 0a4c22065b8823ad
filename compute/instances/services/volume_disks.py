"""Volumes as disks of instances' machines, in the rows."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.locking import lock_all
from compute.engine.services import transitions
from compute.instances.models import Instance
from compute.instances.services import hardware, machine_disks
from compute.instances.states import VmState
from compute.volumes.models import Attachment, Disk, Volume

HOLDING = frozenset(
    {VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED, VmState.RESIZED, VmState.SHELVED, VmState.SOFT_DELETED}
)


def refusal(instance: Instance, volume: Volume) -> str:
    """Return why the instance cannot have the volume, whatever its state; empty if it can."""
    if volume.project_id != instance.project_id:
        return _("The volume belongs to another project.")
    if volume.disk is None:
        return _("The volume has no disk.")
    host = instance.hypervisor
    if host is not None and not volume.disk.pool.hosts.filter(pk=host.pk).exists():
        return _("The volume lies in %(pool)s, which %(host)s does not reach.") % {
            "pool": volume.disk.pool,
            "host": host,
        }
    return ""


@transaction.atomic
def plug(
    instance: Instance,
    volume: Volume,
    *,
    device: str = "",
    delete_on_termination: bool = False,
    tag: str = "",
) -> Attachment:
    """Give the volume's disk a place in the instance's machine. `device` is taken if it is free on the bus."""
    if reason := refusal(instance, volume):
        raise Conflict(reason)
    disk, bus = disk_of(volume), hardware.spec_of(instance).disk_bus
    disk.instance, disk.bus = instance, bus
    disk.device = machine_disks.free_device(instance, bus, device)
    disk.save(update_fields=["instance", "bus", "device"])
    return Attachment.objects.create(
        volume=volume, instance=instance, delete_on_termination=delete_on_termination, tag=tag
    )


@transaction.atomic
def unplug(volume: Volume) -> None:
    """Take the volume's disk out of its instance's machine. None is success."""
    volume.attachments.all().delete()
    if volume.disk is not None:
        Disk.objects.filter(pk=volume.disk.pk).update(instance=None, device="", bus="")
        volume.disk.refresh_from_db()


def disk_of(volume: Volume) -> Disk:
    """Return the volume's disk. Raise Conflict if it has none."""
    if volume.disk is None:
        raise Conflict(_("The volume has no disk."))
    return volume.disk


def of_instance(instance: Instance) -> list[Volume]:
    """Return the volumes that the instance has, in the order of its devices."""
    rows = Volume.objects.filter(attachments__instance=instance).select_related("disk__pool", "disk__image")
    return sorted(rows, key=lambda volume: volume.disk.device if volume.disk else "")


def lock(instance: Instance) -> list[Volume]:
    """Lock the volumes that the instance has, and return them."""
    volumes = of_instance(instance)
    lock_all(
        Volume.objects.select_for_update().filter(pk__in=[volume.pk for volume in volumes]).order_by("pk")
    )
    return volumes


def instance_of(volume: Volume) -> Instance:
    """Return the instance that has the volume, or is to get it. Raise Conflict if there is none."""
    disk: Any = volume.disk
    if disk is None or disk.instance_id is None:
        raise Conflict(_("No instance has this volume."))
    return Instance.objects.select_related("hypervisor").get(pk=disk.instance_id)


def release(instance: Instance) -> list[Volume]:
    """Make the volumes of an instance that is gone available. Return those that are to be deleted with it."""
    ending = []
    for volume in of_instance(instance):
        locked = Volume.objects.select_for_update(of=("self",)).select_related("disk").get(pk=volume.pk)
        attachment = locked.attachment
        unplug(locked)
        transitions.settle(locked, "available", fault=locked.fault)
        if attachment is not None and attachment.delete_on_termination:
            ending.append(locked)
    return ending
