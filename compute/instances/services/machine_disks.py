"""Which disks an instance's machine has: what its sizes ask for, as rows with device names that stay."""

from string import ascii_lowercase
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.driver.specs.hardware import HardwareSpec
from compute.hosts.services import pools
from compute.instances.models import Instance
from compute.instances.services import hardware
from compute.volumes.models import Disk

MIB = 2**20
GIB = 2**30
Role = Disk.Role


@transaction.atomic
def sync(instance: Instance) -> None:
    """Make rows for the disks that the instance's sizes ask for, and none for those that they do not.

    Disks that are there keep their devices, unless their bus is another now. Their volumes are made by steps;
    rows of disks that are not asked for any more become `REPLACED`.
    """
    machine = hardware.spec_of(instance)
    sizes = _sizes(instance)
    present = {disk.role: disk for disk in instance.disks.plugged()}
    for role in (Role.EPHEMERAL, Role.SWAP):
        if role in present and role not in sizes:
            replace(present.pop(role))
    for name, size in sizes.items():
        bus = machine.cdrom_bus if name == Role.CONFIG else machine.disk_bus
        disk = present.get(name)
        if disk is None:
            _create(instance, name, size, bus)
        elif disk.bus != bus:
            _replug(disk, bus)


def root(instance: Instance) -> Disk:
    """Return the disk that the instance's system is on. Raise Conflict if it has none yet."""
    return _one(instance, Role.ROOT)


def config(instance: Instance) -> Disk:
    """Return the instance's config drive. Raise Conflict if it has none yet."""
    return _one(instance, Role.CONFIG)


def data(instance: Instance) -> list[Disk]:
    """Return the disks that hold what the guest wrote, the root disk first."""
    return list(instance.disks.plugged().with_data().select_related("pool", "image"))


def size_of(instance: Instance, disk: Disk) -> int:
    """Return the bytes that the instance's sizes ask of one of its disks."""
    return _sizes(instance)[disk.role]


def first_device(machine: HardwareSpec) -> str:
    """Return the device name of a machine's first disk."""
    return f"{_prefix(machine.disk_bus)}a"


def new_root(instance: Instance, image_id: UUID, size_bytes: int) -> Disk:
    """Return the row of a root disk beside the present one, which a rebuild puts in its place."""
    disk, _made = Disk.objects.get_or_create(
        instance=instance,
        role=Role.ROOT,
        device="",
        defaults={"pool": root(instance).pool, "image_id": image_id, "size_bytes": size_bytes},
    )
    return disk


@transaction.atomic
def exchange_root(instance: Instance) -> None:
    """Give the new root disk the place of the present one, which is replaced. Exchanged already is success."""
    new = instance.disks.filter(role=Role.ROOT, device="").first()
    if new is None:
        return
    old = root(instance)
    device, bus = old.device, old.bus
    replace(old)
    Disk.objects.filter(pk=new.pk).update(device=device, bus=bus)


@transaction.atomic
def plug_rescue(instance: Instance, image_id: UUID, size_bytes: int) -> Disk:
    """Return the row of the disk that a rescued instance boots from; its own root disk moves behind all others."""
    rescue = instance.disks.filter(role=Role.RESCUE).first()
    if rescue is None:
        own = root(instance)
        device, bus = own.device, own.bus
        Disk.objects.filter(pk=own.pk).update(device=_free_device(instance, bus))
        rescue = Disk.objects.create(
            pool=own.pool,
            instance=instance,
            role=Role.RESCUE,
            image_id=image_id,
            size_bytes=size_bytes,
            device=device,
            bus=bus,
        )
    return rescue


@transaction.atomic
def unplug_rescue(instance: Instance) -> None:
    """Give the root disk its device back. No rescue disk in the machine is success."""
    rescue = instance.disks.filter(role=Role.RESCUE).exclude(device="").first()
    if rescue is not None:
        device = rescue.device
        Disk.objects.filter(pk=rescue.pk).update(device="")
        Disk.objects.filter(pk=root(instance).pk).update(device=device)


def copy_of(disk: Disk) -> Disk:
    """Return the row of what is being copied out of an instance's disk."""
    copy, _made = Disk.objects.get_or_create(
        instance=disk.instance, role=Role.COPY, defaults={"pool": disk.pool, "size_bytes": disk.size_bytes}
    )
    return copy


@transaction.atomic
def mirror(source: Instance, copy: Instance) -> None:
    """Make rows for a clone's disks: those that the source's machine has, under the same device names."""
    for disk in source.disks.plugged().exclude(role=Role.RESCUE):
        Disk.objects.create(
            pool=disk.pool,
            instance=copy,
            role=disk.role,
            format=disk.format,
            size_bytes=disk.size_bytes,
            image=disk.image,
            device=disk.device,
            bus=disk.bus,
        )


def pairs(source: Instance, copy: Instance) -> list[tuple[Disk, Disk]]:
    """Return each disk of the source that holds data, with the clone's of the same device."""
    its = {disk.device: disk for disk in data(copy)}
    return [(disk, its[disk.device]) for disk in data(source) if disk.device in its]


def replace(disk: Disk) -> None:
    """Take a disk out of the machine for good; a step deletes its volume."""
    Disk.objects.filter(pk=disk.pk).update(role=Role.REPLACED, device="")


def _sizes(instance: Instance) -> dict[str, int]:
    """Role → bytes of the disks that the instance's sizes ask for."""
    virtual_size = instance.image.virtual_size if instance.image else 0
    wanted: dict[str, int] = {Role.ROOT: max(instance.disk_gib * GIB, virtual_size)}
    if instance.ephemeral_gib:
        wanted[Role.EPHEMERAL] = instance.ephemeral_gib * GIB
    if instance.swap_mib:
        wanted[Role.SWAP] = instance.swap_mib * MIB
    return {**wanted, Role.CONFIG: 0}


def _create(instance: Instance, role: str, size_bytes: int, bus: str) -> None:
    if instance.hypervisor is None:
        raise Conflict(_("This instance never found a host. Delete it and launch it again."))
    Disk.objects.create(
        pool=pools.default(instance.hypervisor),
        instance=instance,
        role=role,
        format="raw" if role == Role.CONFIG else "qcow2",
        size_bytes=size_bytes,
        image=instance.image if role == Role.ROOT else None,
        device=_free_device(instance, bus),
        bus=bus,
    )


def _replug(disk: Disk, bus: str) -> None:
    Disk.objects.filter(pk=disk.pk).update(device="")
    device = _free_device(disk.instance, bus) if disk.instance else ""
    Disk.objects.filter(pk=disk.pk).update(device=device, bus=bus)


def _free_device(instance: Instance, bus: str) -> str:
    """The first device name that no disk of the machine has: those of virtio are counted by themselves."""
    taken = set(instance.disks.plugged().values_list("device", flat=True))
    names = (f"{_prefix(bus)}{letter}" for letter in ascii_lowercase)
    return next(name for name in names if name not in taken)


def _prefix(bus: str) -> str:
    return "vd" if bus == "virtio" else "sd"


def _one(instance: Instance, role: str) -> Disk:
    disk = instance.disks.plugged().filter(role=role).select_related("pool", "image").first()
    if disk is None:
        raise Conflict(_("This instance has no disk yet. Delete it and launch it again."))
    return disk
