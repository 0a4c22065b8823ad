"""Specs of guests, from the rows of their instances."""

from typing import cast

from compute.driver.specs import DiskSpec, GuestSpec, GuestTag, PortSpec
from compute.driver.specs.hardware import DiskBus
from compute.engine.models import Operation
from compute.hosts.services import hosts
from compute.instances.models import Instance
from compute.instances.services import guests, hardware, headroom, machine_disks
from compute.networks.services import host_networks
from compute.volumes.models import Disk
from compute.volumes.services import disks, qos_specs


def build(instance: Instance, operation: Operation) -> GuestSpec:
    """Return the spec of a placed instance's guest, tagged with the operation that defines it."""
    hypervisor = instance.hypervisor
    if hypervisor is None:
        raise ValueError(f"Instance {instance.pk} has no hypervisor yet.")
    machine = hardware.spec_of(instance)
    return GuestSpec(
        uuid=str(instance.pk),
        name=instance.guest_name,
        title=instance.name,
        vcpus=instance.vcpus,
        memory_mib=instance.ram_mib,
        virt_type="kvm" if hypervisor.virt_type == "kvm" else "qemu",
        disks=_disks(instance),
        ports=tuple(
            PortSpec(
                id=str(port.pk),
                mac=port.mac,
                network=host_networks.libvirt_network_name(port.network),
                address=port.address,
                tap_name=port.tap_name,
            )
            for port in instance.ports.select_related("network").order_by("created_at", "pk")
        ),
        vnc_socket=guests.vnc_socket(instance),
        console_log=guests.console_log(instance),
        tag=build_tag(instance, operation),
        hardware=machine,
        nvram=guests.nvram(instance) if machine.firmware == "uefi" else None,
        headroom=headroom.plan(instance, machine),
    )


_BOOT_ROLES = (Disk.Role.RESCUE, Disk.Role.ROOT, Disk.Role.CDROM)
"""Roles of the disks that a machine boots from, in order."""


_CDROM_ROLES = (Disk.Role.CONFIG, Disk.Role.CDROM)


def _disks(instance: Instance) -> tuple[DiskSpec, ...]:
    """Return the specs of the machine's disks, in the order of their buses."""
    rows = list(instance.disks.plugged().select_related("pool", "image", "volume__type__qos_specs"))
    rows.sort(key=lambda disk: (disk.role == Disk.Role.CONFIG, disk.device))
    boot_ids = [disk.pk for role in _BOOT_ROLES for disk in rows if disk.role == role]
    if instance.boots_from_volume:
        rescues = sum(disk.role == Disk.Role.RESCUE for disk in rows)
        boot_ids.insert(rescues, machine_disks.root(instance).pk)
    return tuple(
        disk_spec(instance, disk, boot_ids.index(disk.pk) + 1 if disk.pk in boot_ids else None)
        for disk in rows
    )


def disk_spec(instance: Instance, disk: Disk, boot_order: int | None = None) -> DiskSpec:
    """Return the spec of one disk of the instance's machine."""
    pool, is_cdrom = disks.pool_of(disk, instance.hypervisor), disk.role in _CDROM_ROLES
    return DiskSpec(
        source=pool.source_of(disk.volume_name) if disk.volume_name else None,
        format="raw" if disk.format == "raw" else "qcow2",
        target=disk.device,
        bus=cast("DiskBus", disk.bus),
        device="cdrom" if is_cdrom else "disk",
        read_only=is_cdrom or (disk.role == Disk.Role.VOLUME and bool(disk.volume.read_only)),
        boot_order=boot_order,
        serial=None if is_cdrom else disk.serial,
        backing=None if is_cdrom else disks.backing(disk, pool),
        limits=qos_specs.limits_of(disk.volume) if disk.role == Disk.Role.VOLUME else None,
    )


def build_tag(instance: Instance, operation: Operation) -> GuestTag:
    """Return the guest's tag: its owner, and the claim of the operation that last wrote it."""
    return GuestTag(
        installation=str(hosts.installation().pk),
        instance=str(instance.pk),
        project=instance.project_id,
        operation=str(operation.pk),
        order=order_of(instance, operation),
        fence=operation.fence,
    )


def order_of(instance: Instance, operation: Operation) -> int:
    """Return the operation's number among those of the instance, which grows with each."""
    subject = str(instance.pk)
    return next((hold.pk for hold in operation.held if str(hold.resource_id) == subject), 0)
