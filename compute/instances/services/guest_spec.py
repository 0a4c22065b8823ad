"""What a guest is made of, from its rows."""

from compute.driver.guest.hardware import DiskBus, HardwareSpec
from compute.driver.specs import BackingSpec, DiskSpec, GuestSpec, GuestTag, PortSpec
from compute.driver.storage.pool import Pool
from compute.engine.models import Operation
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.instances.models import Instance
from compute.instances.services import guests, hardware, room
from compute.networks.services import host_networks


def of(instance: Instance, operation: Operation) -> GuestSpec:
    """The guest of a placed instance, tagged with the operation that defines it."""
    hypervisor = instance.hypervisor
    if hypervisor is None:
        raise ValueError(f"Instance {instance.pk} has no hypervisor yet.")
    pool, machine = hosts.pool(hypervisor), hardware.of(instance)
    disks = _disks(instance, pool, machine.disk_bus)
    return GuestSpec(
        uuid=str(instance.pk),
        name=instance.guest_name,
        title=instance.name,
        vcpus=instance.vcpus,
        memory_mib=instance.ram_mib,
        virt_type="kvm" if hypervisor.virt_type == "kvm" else "qemu",
        disks=(
            *disks,
            DiskSpec(
                source=pool.source_of(instance.config_drive_name),
                format="raw",
                target=_target(machine.cdrom_bus, 0 if machine.disk_bus == "virtio" else len(disks)),
                bus=machine.cdrom_bus,
                device="cdrom",
                read_only=True,
            ),
        ),
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
        tag=tag(instance, operation),
        hardware=machine,
        nvram=guests.nvram(instance) if machine.firmware == "uefi" else None,
        room=room.kept(instance, machine),
    )


def root_device(machine: HardwareSpec) -> str:
    """What the guest calls the disk that it boots from."""
    return f"/dev/{root_target(machine)}"


def root_target(machine: HardwareSpec) -> str:
    """What libvirt calls it."""
    return _target(machine.disk_bus, 0)


def _target(bus: DiskBus, place: int) -> str:
    """The name of a guest's disk: those of virtio are counted by themselves."""
    return f"{'vd' if bus == 'virtio' else 'sd'}{'abcdefghijklmnopqrstuvwxyz'[place]}"


def _disks(instance: Instance, pool: Pool, bus: DiskBus) -> list[DiskSpec]:
    """Its own disk; while it is rescued, the rescue disk first, which it then boots from."""
    found = [(instance.disk_name, instance.image)]
    if instance.rescue_image is not None:
        found.insert(0, (instance.rescue_disk_name, instance.rescue_image))
    return [
        DiskSpec(
            source=pool.source_of(name),
            format="qcow2",
            target=_target(bus, place),
            bus=bus,
            boot_order=place + 1,
            backing=backing(image, pool),
        )
        for place, (name, image) in enumerate(found)
    ]


def backing(image: Image | None, pool: Pool) -> BackingSpec | None:
    """The image under a disk, as its row says: QEMU must not believe what a disk file says of itself."""
    if image is None:
        return None
    return BackingSpec(
        source=pool.source_of(image.volume_name),
        format="qcow2" if image.disk_format == "qcow2" else "raw",
    )


def tag(instance: Instance, operation: Operation) -> GuestTag:
    """Whose the guest is and which claim of which operation last wrote it."""
    return GuestTag(
        installation=str(hosts.installation().pk),
        instance=str(instance.pk),
        project=instance.project_id,
        operation=str(operation.pk),
        order=order_of(instance, operation),
        fence=operation.fence,
    )


def order_of(instance: Instance, operation: Operation) -> int:
    """Return the operation's place among those of the instance: later ones have a higher number."""
    hold = operation.holds.filter(resource_id=instance.pk).values_list("pk", flat=True).first()
    return hold or 0
