"""Disks of instances' machines, as rows with stable device names."""

from string import ascii_lowercase
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.driver.specs.hardware import HardwareSpec
from compute.hosts.services import pools
from compute.instances.models import Instance
from compute.instances.services import hardware
from compute.volumes.models import Disk

MIB = 2**20
GIB = 2**30
ISO = "iso"
Role = Disk.Role


@transaction.atomic
def sync(instance: Instance) -> None:
    """Make the rows of the disks that the instance's sizes require, and mark superfluous ones as `REPLACED`.

    Present disks keep their devices, unless their bus changes. Steps make the volumes.
    """
    machine = hardware.spec_of(instance)
    sizes = _sizes(instance)
    on_cdrom_bus = (Role.CONFIG, Role.CDROM)
    buses = {role: machine.cdrom_bus if role in on_cdrom_bus else machine.disk_bus for role in sizes}
    present = {disk.role: disk for disk in instance.disks.plugged().exclude(role=Role.VOLUME)}
    for role in (Role.EPHEMERAL, Role.SWAP):
        if role in present and role not in sizes:
            replace(present.pop(role))
    for name, bus in buses.items():
        if name in present and present[name].bus != bus:
            _replug(present[name], bus)
    _create(instance, [(role, size, buses[role]) for role, size in sizes.items() if role not in present])


def root(instance: Instance) -> Disk:
    """Return the instance's root disk, which may be a volume's. Raise Conflict if it has none yet."""
    if instance.boots_from_volume:
        return _one(instance, Q(role=Role.VOLUME, volume__attachments__boots=True))
    return _one(instance, Q(role=Role.ROOT))


def config(instance: Instance) -> Disk:
    """Return the instance's config drive. Raise Conflict if it has none yet."""
    return _one(instance, Q(role=Role.CONFIG))


def data(instance: Instance) -> list[Disk]:
    """Return the disks that hold the guest's data, the root disk first."""
    return list(instance.disks.plugged().with_data().select_related("pool", "image"))


def size_of(instance: Instance, disk: Disk) -> int:
    """Return the size in bytes that one of the instance's disks must have."""
    return _sizes(instance)[disk.role]


def installs(instance: Instance) -> bool:
    """Return whether the instance was launched from an ISO image: its own disk is empty, and the ISO in a drive."""
    return instance.image is not None and instance.image.disk_format == ISO


def drives(instance: Instance) -> list[Disk]:
    """Return the CD-ROM drives of the machine, but that of the config drive, in the order of their devices."""
    rows = instance.disks.plugged().filter(role=Role.CDROM).select_related("pool", "image")
    return sorted(rows, key=lambda disk: disk.device)


@transaction.atomic
def add_drive(instance: Instance) -> Disk:
    """Give the machine an empty CD-ROM drive, from its next start on."""
    bus = hardware.spec_of(instance).cdrom_bus
    return Disk.objects.create(
        pool=root(instance).pool,
        instance=instance,
        role=Role.CDROM,
        format="raw",
        device=free_device(instance, bus),
        bus=bus,
    )


def first_device(machine: HardwareSpec) -> str:
    """Return the device name of a machine's first disk."""
    return f"{_prefix(machine.disk_bus)}a"


def new_root(instance: Instance, image_id: UUID, size_bytes: int) -> Disk:
    """Return the row of a second root disk, made if missing, with which a rebuild replaces the present one."""
    disk, _made = Disk.objects.get_or_create(
        instance=instance,
        role=Role.ROOT,
        device="",
        defaults={"pool": root(instance).pool, "image_id": image_id, "size_bytes": size_bytes},
    )
    return disk


@transaction.atomic
def exchange_root(instance: Instance) -> None:
    """Replace the root disk by the new one, which gets its device. No new root disk is success."""
    new = instance.disks.filter(role=Role.ROOT, device="").first()
    if new is None:
        return
    old = root(instance)
    device, bus = old.device, old.bus
    replace(old)
    Disk.objects.filter(pk=new.pk).update(device=device, bus=bus)


@transaction.atomic
def plug_rescue(instance: Instance, image_id: UUID, size_bytes: int) -> Disk:
    """Return the row of the rescue disk, made if missing. It takes the root disk's device, which gets another."""
    rescue = instance.disks.filter(role=Role.RESCUE).first()
    if rescue is None:
        root_disk = root(instance)
        device, bus = root_disk.device, root_disk.bus
        Disk.objects.filter(pk=root_disk.pk).update(device=free_device(instance, bus))
        rescue = Disk.objects.create(
            pool=root_disk.pool,
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
    """Return the rescue disk's device to the root disk. No rescue disk in the machine is success."""
    rescue = instance.disks.filter(role=Role.RESCUE).exclude(device="").first()
    if rescue is not None:
        device = rescue.device
        Disk.objects.filter(pk=rescue.pk).update(device="")
        Disk.objects.filter(pk=root(instance).pk).update(device=device)


def copy_of(disk: Disk) -> Disk:
    """Return the row of the copy of an instance's disk, made if missing."""
    copy, _made = Disk.objects.get_or_create(
        instance=disk.instance, role=Role.COPY, defaults={"pool": disk.pool, "size_bytes": disk.size_bytes}
    )
    return copy


@transaction.atomic
def mirror(source: Instance, copy: Instance) -> None:
    """Make the rows of a clone's disks, which have the devices of the source's disks."""
    for disk in source.disks.plugged().exclude(role__in=[Role.RESCUE, Role.VOLUME]):
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
    """Return the source's data disks, each with the clone's disk of the same device."""
    by_device = {disk.device: disk for disk in data(copy)}
    return [(disk, by_device[disk.device]) for disk in data(source) if disk.device in by_device]


def replace(disk: Disk) -> None:
    """Mark a disk as replaced, without a device. A step deletes its volume."""
    Disk.objects.filter(pk=disk.pk).update(role=Role.REPLACED, device="")


def _sizes(instance: Instance) -> dict[str, int]:
    """Return {role: bytes} of the disks that the instance's sizes require."""
    sizes: dict[str, int] = {}
    if not instance.boots_from_volume:
        virtual_size = instance.image.virtual_size if instance.image else 0
        sizes[Role.ROOT] = max(instance.disk_gib * GIB, virtual_size)
    if instance.ephemeral_gib:
        sizes[Role.EPHEMERAL] = instance.ephemeral_gib * GIB
    if instance.swap_mib:
        sizes[Role.SWAP] = instance.swap_mib * MIB
    if installs(instance):
        sizes[Role.CDROM] = 0
    return {**sizes, Role.CONFIG: 0}


def _create(instance: Instance, missing: list[tuple[str, int, str]]) -> None:
    """Make the rows of disks, each given by role, bytes and bus."""
    if not missing:
        return
    if instance.hypervisor is None:
        raise Conflict(_("This instance never found a host. Delete it and launch it again."))
    pool, used = pools.default(instance.hypervisor), _used_devices(instance)
    for role, size_bytes, bus in missing:
        device = _free(used, bus)
        used.add(device)
        Disk.objects.create(
            pool=pool,
            instance=instance,
            role=role,
            format="raw" if role in {Role.CONFIG, Role.CDROM} else "qcow2",
            size_bytes=size_bytes,
            image=instance.image if role == (Role.CDROM if installs(instance) else Role.ROOT) else None,
            device=device,
            bus=bus,
        )


def _replug(disk: Disk, bus: str) -> None:
    Disk.objects.filter(pk=disk.pk).update(device="")
    device = free_device(disk.instance, bus) if disk.instance else ""
    Disk.objects.filter(pk=disk.pk).update(device=device, bus=bus)


def free_device(instance: Instance, bus: str, preferred: str = "") -> str:
    """Return the preferred device name if no disk of the machine has it, else the first free one on the bus."""
    used, name = _used_devices(instance), preferred.removeprefix("/dev/")
    return name if name in _names(bus) and name not in used else _free(used, bus)


def _used_devices(instance: Instance) -> set[str]:
    return set(instance.disks.plugged().values_list("device", flat=True))


def _free(used: set[str], bus: str) -> str:
    for name in _names(bus):
        if name not in used:
            return name
    raise Conflict(_("The machine has as many disks as it can have. Detach one first."))


def _names(bus: str) -> list[str]:
    return [f"{_prefix(bus)}{letter}" for letter in ascii_lowercase]


def _prefix(bus: str) -> str:
    return "vd" if bus == "virtio" else "sd"


def _one(instance: Instance, condition: Q) -> Disk:
    disk = instance.disks.plugged().filter(condition).select_related("pool", "image").first()
    if disk is None:
        raise Conflict(_("This instance has no disk yet. Delete it and launch it again."))
    return disk
