"""Compares this host with its rows, for `manage.py audit`. Reads only, repairs nothing."""

from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings

from compute.driver.guest.domain import list_guests
from compute.driver.specs import GuestFacts, PowerState
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools
from compute.images.models import Image
from compute.images.services import image_files
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.services import reconcile
from compute.instances.states import VmState
from compute.networks.models import Network
from compute.networks.services import host_networks
from compute.volumes.models import Disk

RUNS = {VmState.ACTIVE, VmState.PAUSED, VmState.RESCUED}


class Difference(NamedTuple):
    """One thing that is not as the rows say, and a sentence about it."""

    what: str
    sentence: str


def differences() -> list[Difference]:
    """Return every difference on this host. Raise DriverError when its libvirt does not answer."""
    host = Hypervisor.objects.get(name=settings.HOST)
    rows = [*_guests(host), *_volumes(host), *_images(host), *_firmware(host)]
    for network in Network.objects.all():
        rows += _reservations(host, network)
    return rows


def _guests(host: Hypervisor) -> Iterator[Difference]:
    guests = {
        guest.uuid: guest
        for guest in list_guests(host.uri)
        if guest.tag and guest.tag.installation == reconcile.installation_id()
    }
    rows = {str(row.pk): row for row in Instance.objects.existing().filter(hypervisor=host)}
    for uuid, guest in guests.items():
        if uuid not in rows:
            yield Difference(what=f"guest {guest.name}", sentence="has no instance here")
    for uuid, instance in rows.items():
        if sentence := _wrong(instance, guests.get(uuid)):
            yield Difference(what=f"instance {uuid}", sentence=sentence)


def _wrong(instance: Instance, guest: GuestFacts | None) -> str:
    """What is wrong with the guest of a settled instance; one in the hands of an operation is left out."""
    if instance.task_state or instance.vm_state in {VmState.ERROR, VmState.BUILDING}:
        return ""
    if instance.vm_state == VmState.SHELVED:
        return "is shelved, but the hypervisor still has its guest" if guest else ""
    if guest is None and instance.vm_state == VmState.SOFT_DELETED:
        return ""  # it was shelved; restoring makes its guest anew
    if guest is None:
        return f"is {instance.status}, but the hypervisor does not know it"
    runs = guest.power in {PowerState.RUNNING, PowerState.PAUSED, PowerState.SHUTTING_DOWN}
    # One that was off when it was resized is RESIZED all the same.
    if instance.vm_state != VmState.RESIZED and runs != (instance.vm_state in RUNS):
        return f"is {instance.status}, but its guest is {guest.power}"
    return ""


_PASSING = {Disk.Role.COPY, Disk.Role.REPLACED}
"""Roles of disks that an operation makes and deletes."""


def _volumes(host: Hypervisor) -> Iterator[Difference]:
    """Volumes of the host's pools against rows of disks, both ways; what an operation works on may be either."""
    for pool in host.pools.all():
        there = {volume.name for volume in pools.on(pool, host).list()}
        needed, optional = set[str](), set[str]()
        own = pool.disks.exclude(role=Disk.Role.CDROM)
        for disk in own.select_related("instance").prefetch_related("layers"):
            instance = disk.instance
            settled = disk.role not in _PASSING and (
                instance is None or (instance.task_state is None and instance.launched_at is not None)
            )
            (needed if settled else optional).add(disk.volume_name)
            optional |= {disk.partial_name, *(layer.file_name for layer in disk.layers.all())}
        memories = InstanceSnapshot.objects.existing().filter(memory_pool=pool)
        optional |= {snapshot.memory_name for snapshot in memories}
        for name in sorted(needed - there):
            yield Difference(what=f"volume {name}", sentence="is missing")
        for name in sorted(there - needed - optional):
            if not name.startswith(Image.COPY):
                yield Difference(what=f"volume {name}", sentence="belongs to no disk")


def _images(host: Hypervisor) -> Iterator[Difference]:
    """Files that belong to no image, in the host's pool and where images are kept."""
    names = {volume.name for volume in pools.own(host).list()}
    copies = {name.removeprefix(Image.COPY) for name in names if name.startswith(Image.COPY)}
    files = image_files.stored_ids()
    ids = {str(key) for key in Image.objects.values_list("pk", flat=True)}
    for uuid in sorted((copies | files) - ids):
        yield Difference(what=f"file of image {uuid}", sentence="belongs to no image")


def _firmware(host: Hypervisor) -> Iterator[Difference]:
    """Variables of UEFI firmware that belong to nobody. A guest that never started has none yet."""
    there = {file.stem for file in hosts.FIRMWARE.glob("*.fd")}
    for uuid in sorted(there - {str(row.pk) for row in Instance.objects.existing()}):
        yield Difference(what=f"firmware of {uuid}", sentence="belongs to no instance")


def _reservations(host: Hypervisor, network: Network) -> Iterator[Difference]:
    """DHCP promises against ports, both ways. Host names may lag: they change when a guest starts."""
    there = {
        (promise.address, promise.mac) for promise in host_networks.network(host, network).reservations()
    }
    needed: set[tuple[str, str]] = set()
    optional: set[tuple[str, str]] = set()
    for port in network.ports.filter(instance__hypervisor=host).select_related("instance"):
        settled = port.instance.launched_at is not None and port.instance.task_state is None
        (needed if settled else optional).add((port.address, port.mac))
    for address, mac in sorted(there - needed - optional):
        yield Difference(
            what=f"lease {address}",
            sentence=f"is promised to {mac}, which no port has",
        )
    for address, mac in sorted(needed - there):
        yield Difference(
            what=f"lease {address}",
            sentence=f"is not promised to {mac}, whose port has it",
        )
