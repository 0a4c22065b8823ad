"""Volumes as disks of instances' machines, in the rows."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.driver.specs.sources import DiskSource
from compute.engine.services import transitions
from compute.hosts.models import Pool
from compute.instances.models import Instance
from compute.instances.services import hardware, machine_disks
from compute.instances.states import VmState
from compute.volumes.models import Attachment, Disk, Volume
from compute.volumes.models.volume import VolumeQuerySet
from compute.volumes.services import disks
from compute.volumes.states import VolumeState

HOLDING = frozenset(
    {VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED, VmState.RESIZED, VmState.SHELVED, VmState.SOFT_DELETED}
)


def refusal(instance: Instance, volume: Volume) -> str:
    """Return why the instance cannot have the volume, whatever its state; empty if it can.

    Costs no query for instances and volumes that were read with their hosts.
    """
    if volume.project_id != instance.project_id:
        return _("The volume belongs to another project.")
    if volume.disk is None:
        return _("The volume has no disk.")
    host = instance.hypervisor
    if host is not None and host not in volume.disk.pool.hosts.all():
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
    """Give the volume to the instance, as a disk of its machine. Raise Conflict if they do not fit."""
    place(instance, volume, device)
    # What an earlier instance had can no longer come back to it.
    volume.attachments.filter(released=True).delete()
    return Attachment.objects.create(
        volume=volume, instance=instance, delete_on_termination=delete_on_termination, tag=tag
    )


def place(instance: Instance, volume: Volume, device: str = "") -> None:
    """Give the volume's disk a place in the machine; `device` if it is free on the bus. Raise Conflict."""
    if reason := refusal(instance, volume):
        raise Conflict(reason)
    disk, bus = disk_of(volume), hardware.spec_of(instance).disk_bus
    disk.instance, disk.bus = instance, bus
    disk.device = machine_disks.free_device(instance, bus, device)
    disk.save(update_fields=["instance", "bus", "device"])


@transaction.atomic
def unplug(volume: Volume) -> None:
    """Take the volume's disk out of its instance's machine. None is success."""
    volume.attachments.filter(released=False).delete()
    if volume.disk is not None:
        Disk.objects.filter(pk=volume.disk.pk).update(instance=None, device="", bus="")
        volume.disk.refresh_from_db()


def hosts_reaching(volume_ids: Iterable[str]) -> frozenset[UUID]:
    """Return the ids of the hosts that reach the pools of all the volumes."""
    pools = Pool.objects.filter(disks__volume__in=list(volume_ids)).distinct().prefetch_related("hosts")
    hosts = [frozenset(host.pk for host in pool.hosts.all()) for pool in pools]
    return frozenset.intersection(*hosts) if hosts else frozenset()


def disk_of(volume: Volume) -> Disk:
    """Return the volume's disk. Raise Conflict if it has none."""
    if volume.disk is None:
        raise Conflict(_("The volume has no disk."))
    return volume.disk


def source_of(volume: Volume) -> DiskSource:
    """Return the source of the volume's disk. Raise Conflict if it has none."""
    disk = disk_of(volume)
    return disks.pool_of(disk).source_of(disk.volume_name)


def of_instance(instance: Instance) -> list[Volume]:
    """Return the volumes that the instance has, in the order of its devices."""
    rows = Volume.objects.filter(attachments__instance=instance, attachments__released=False)
    rows = rows.select_related("disk__pool", "disk__image")
    return sorted(rows, key=lambda volume: volume.disk.device if volume.disk else "")


def boot_volumes(instance: Instance) -> VolumeQuerySet:
    """Return the volume that the instance boots from, if any."""
    return Volume.objects.filter(
        attachments__instance=instance, attachments__boots=True, attachments__released=False
    )


def lock(instance: Instance) -> list[Volume]:
    """Lock the volumes that the instance has, and return them."""
    return _locked(instance)


def instance_of(volume: Volume) -> Instance:
    """Return the instance that has the volume, or is to get it. Raise Conflict if there is none."""
    disk: Any = volume.disk
    if disk is None or disk.instance_id is None:
        raise Conflict(_("No instance has this volume."))
    return Instance.objects.select_related("hypervisor").get(pk=disk.instance_id)


def release(instance: Instance) -> list[Volume]:
    """Make the volumes of an instance that is gone available. Return those that are to be deleted with it."""
    ending = []
    for volume in _locked(instance):
        attachment = volume.attachment
        unplug(volume)
        transitions.settle(volume, VolumeState.AVAILABLE, fault=volume.fault)
        if attachment is not None and attachment.delete_on_termination:
            ending.append(volume)
    instance.attachments.all().delete()
    return ending


def release_for_now(instance: Instance) -> None:
    """Make the volumes available that do not end with the instance. Restoring it takes them back if it can."""
    for volume in _locked(instance):
        attachment = volume.attachment
        if attachment is None or attachment.delete_on_termination:
            continue
        device = disk_of(volume).device
        unplug(volume)
        transitions.settle(volume, VolumeState.AVAILABLE, fault=volume.fault)
        attachment.pk, attachment.released, attachment.device = uuid4(), True, device
        attachment.save(force_insert=True)


def take_back(instance: Instance) -> list[str]:
    """Give a restored instance the volumes that it had. Return the names of those that it cannot have any more.

    Raise Conflict if it booted from one of them.
    """
    lost = []
    for attachment in instance.attachments.filter(released=True).select_related("volume").order_by("device"):
        volume = (
            Volume.objects.select_for_update(of=("self",)).select_related("disk").get(pk=attachment.volume_id)
        )
        if volume.status == VolumeState.AVAILABLE and not volume.task_state and not refusal(instance, volume):
            place(instance, volume, attachment.device)
            Attachment.objects.filter(pk=attachment.pk).update(released=False)
            transitions.settle(volume, VolumeState.IN_USE, fault=volume.fault)
        elif attachment.boots:
            raise Conflict(
                _("It boots from the volume %(volume)s, which it cannot have now.") % {"volume": volume}
            )
        else:
            lost.append(str(volume))
            attachment.delete()
    return lost


def _locked(instance: Instance) -> list[Volume]:
    keys = [volume.pk for volume in of_instance(instance)]
    rows = Volume.objects.select_for_update(of=("self",)).select_related("disk__pool")
    return list(rows.filter(pk__in=keys).order_by("pk"))
