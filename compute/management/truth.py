"""Compares rows with hosts: what `manage.py audit` prints. Reads only, repairs nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from compute.driver.guest.domain import list_guests
from compute.driver.specs import GuestFacts, PowerState
from compute.engine.models import Hold, Operation
from compute.engine.operations.leftovers import left_in_words
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools
from compute.images.models import Image
from compute.images.services import image_files
from compute.instances.models import Instance
from compute.instances.services import reconcile
from compute.instances.states import VmState
from compute.networks.models import Network, Port
from compute.networks.services import host_networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as the rows say: where, what, and a sentence."""

    where: str
    what: str
    sentence: str


SWEPT = timedelta(seconds=15)
"""The sweeper comes by more often than this, so what has lain longer is forgotten."""

RUNS = {VmState.ACTIVE, VmState.PAUSED, VmState.RESCUED}


def differences() -> list[Difference]:
    """Every difference on every hypervisor. Raises DriverError when one cannot be asked."""
    found = list(_operations()) + list(_counts())
    for hypervisor in Hypervisor.objects.all():
        found += _guests(hypervisor)
        found += _volumes(hypervisor)
        found += _images(hypervisor)
        found += _firmware(hypervisor)
        for network in Network.objects.all():
            found += _reservations(hypervisor, network)
    return found


def _operations() -> Iterator[Difference]:
    """Open operations that nobody will close, and instances whose task has no operation."""
    for operation in Operation.objects.open().filter(
        Q(lease_until=None) | Q(lease_until__lt=timezone.now()), due_at__lt=timezone.now() - SWEPT
    ):
        yield Difference(
            where="database",
            what=f"operation {operation.pk}",
            sentence=f"{operation.kind} is open since {operation.created_at:%H:%M:%S} and nobody works on it",
        )
    work = Hold.objects.open().filter(resource_id=OuterRef("pk"), shared=False)
    busy = Q(task_state__isnull=False) | Q(vm_state=VmState.BUILDING)
    for instance in Instance.objects.filter(busy, ~Exists(work)):
        yield Difference(
            where="database",
            what=f"instance {instance.pk}",
            sentence=f"says {instance.vm_state}/{instance.task_state}, but no operation is at work on it",
        )
    for operation in Operation.objects.filter(state=Operation.State.STUCK):
        yield Difference(
            where="database",
            what=f"operation {operation.pk}",
            sentence=f"is stuck: {left_in_words(operation.left)}",
        )
    for operation in Operation.objects.exclude(state__in=Operation.OPEN).filter(finished_at=None):
        yield Difference(
            where="database", what=f"operation {operation.pk}", sentence="is closed without a time of its end"
        )


def _counts() -> Iterator[Difference]:
    """Quota is counted from rows, so it can only be wrong by rows that should not be there."""
    for port in Port.objects.filter(instance__vm_state=VmState.DELETED):
        yield Difference(
            where="database", what=f"port {port.address}", sentence="belongs to an instance that is gone"
        )
    for instance in Instance.objects.filter(vm_state=VmState.DELETED, hypervisor__isnull=False):
        yield Difference(
            where="database",
            what=f"instance {instance.pk}",
            sentence="is gone but still takes room on a host",
        )


def _guests(hypervisor: Hypervisor) -> Iterator[Difference]:
    ours = {
        guest.uuid: guest
        for guest in list_guests(hypervisor.uri)
        if guest.tag and guest.tag.installation == reconcile.installation_id()
    }
    rows = {str(row.pk): row for row in Instance.objects.existing().filter(hypervisor=hypervisor)}
    for uuid, guest in ours.items():
        if uuid not in rows:
            yield Difference(
                where=hypervisor.name, what=f"guest {guest.name}", sentence="has no instance here"
            )
    for uuid, instance in rows.items():
        if sentence := _wrong(instance, ours.get(uuid)):
            yield Difference(where=hypervisor.name, what=f"instance {uuid}", sentence=sentence)


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


def _volumes(hypervisor: Hypervisor) -> Iterator[Difference]:
    """Volumes of the host's pools against rows of disks, both ways; what an operation works on may be either."""
    for pool in hypervisor.pools.all():
        there = {volume.name for volume in pools.on(pool, hypervisor).list()}
        needed, optional = set[str](), set[str]()
        for disk in pool.disks.select_related("instance"):
            instance = disk.instance
            settled = instance is None or (instance.task_state is None and instance.launched_at is not None)
            (needed if settled else optional).add(disk.volume_name)
            optional.add(disk.partial_name)
        for name in sorted(needed - there):
            yield Difference(where=hypervisor.name, what=f"volume {name}", sentence="is missing")
        for name in sorted(there - needed - optional):
            if not name.startswith(image_files.COPY):
                yield Difference(where=hypervisor.name, what=f"volume {name}", sentence="belongs to no disk")


def _images(hypervisor: Hypervisor) -> Iterator[Difference]:
    """Files that belong to no image, in the hypervisor's pool and where images are kept."""
    copies = {name.removeprefix("image-") for name in _names_in_pool(hypervisor) if name.startswith("image-")}
    files = {file.name for file in hosts.IMAGES.glob("*-*-*-*-*") if not file.name.startswith(".")}
    known = {str(key) for key in Image.objects.values_list("pk", flat=True)}
    for uuid in sorted((copies | files) - known):
        yield Difference(where=hypervisor.name, what=f"file of image {uuid}", sentence="belongs to no image")


def _names_in_pool(hypervisor: Hypervisor) -> set[str]:
    return {volume.name for volume in hosts.pool(hypervisor).list()}


def _firmware(hypervisor: Hypervisor) -> Iterator[Difference]:
    """Variables of UEFI firmware that belong to nobody. A guest that never started has none yet."""
    there = {file.stem for file in hosts.FIRMWARE.glob("*.fd")}
    for uuid in sorted(there - {str(row.pk) for row in Instance.objects.existing()}):
        yield Difference(where=hypervisor.name, what=f"firmware of {uuid}", sentence="belongs to no instance")


def _reservations(hypervisor: Hypervisor, network: Network) -> Iterator[Difference]:
    """DHCP promises against ports, both ways. Host names may lag: they change when a guest starts."""
    there = {
        (promise.address, promise.mac)
        for promise in host_networks.network(hypervisor, network).reservations()
    }
    wanted: set[tuple[str, str]] = set()
    optional: set[tuple[str, str]] = set()
    for port in network.ports.filter(instance__hypervisor=hypervisor).select_related("instance"):
        settled = port.instance.launched_at is not None and port.instance.task_state is None
        (wanted if settled else optional).add((port.address, port.mac))
    for address, mac in sorted(there - wanted - optional):
        yield Difference(
            where=hypervisor.name,
            what=f"lease {address}",
            sentence=f"is promised to {mac}, which no port has",
        )
    for address, mac in sorted(wanted - there):
        yield Difference(
            where=hypervisor.name,
            what=f"lease {address}",
            sentence=f"is not promised to {mac}, whose port has it",
        )
