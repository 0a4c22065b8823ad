"""Boot stages of guests: booting, has its address, answers SSH.

No event announces the stages. While a guest boots, its address is looked up in the DHCP server's leases, and its SSH
port is probed.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from compute.driver.errors import DriverError
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.models.instance import BootStage
from compute.instances.states import VmState
from compute.networks.models import Network, Port
from compute.networks.services import host_networks

log = structlog.get_logger(__name__)

PATIENCE = timedelta(minutes=10)
"""How long a guest is observed. Many never answer SSH, and some never ask for an address."""

SSH_PORT = 22
PROBE_SECONDS = 0.5


def update_all(hypervisor: Hypervisor) -> None:
    """Update the boot stage of every booting guest of the hypervisor. Costs one query if none boots."""
    since = timezone.now() - PATIENCE
    rows = Instance.objects.filter(
        Q(boot_stage=BootStage.BOOTING) | Q(boot_stage=BootStage.ADDRESS, booted_at__gt=since),
        hypervisor=hypervisor,
        vm_state=VmState.ACTIVE,
        task_state=None,
    )
    booting = []
    for instance in rows:
        if instance.booted_at is None or instance.booted_at > since:
            booting.append(instance)
        else:
            transitions.change(instance, boot_stage=BootStage.NONE)
    if not booting:
        return
    ports = {port.instance_id: port for port in Port.objects.filter(instance__in=booting)}
    if not ports:
        return
    lease_times = _lease_times(hypervisor)
    answering = asyncio.run(_probe([port.address for port in ports.values()]))
    for instance in booting:
        port = ports.get(instance.pk)
        if port is None or instance.booted_at is None:
            continue
        if port.address in answering:
            transitions.change(instance, boot_stage=BootStage.REACHABLE)
        elif instance.boot_stage == BootStage.BOOTING and _has_lease(lease_times, port, instance.booted_at):
            transitions.change(instance, boot_stage=BootStage.ADDRESS)


def _lease_times(hypervisor: Hypervisor) -> dict[str, datetime]:
    """Return {MAC address: when its lease was granted or last renewed}."""
    times: dict[str, datetime] = {}
    for network in Network.objects.all():
        try:
            leases = host_networks.network(hypervisor, network).leases()
        except DriverError as error:
            log.warning("leases cannot be read", network=network.name, reason=str(error))
            continue
        for lease in leases:
            times[lease.mac] = datetime.fromtimestamp(lease.granted, tz=UTC)
    return times


def _has_lease(lease_times: dict[str, datetime], port: Port, booted_at: datetime) -> bool:
    """Return whether the port has a lease of this boot. The server counts whole seconds."""
    return port.mac in lease_times and lease_times[port.mac] >= booted_at - timedelta(seconds=1)


async def _probe(addresses: list[str]) -> set[str]:
    """Return the addresses that accept a connection on the SSH port."""
    answers = await asyncio.gather(*(_accepts(address) for address in addresses))
    return {address for address, accepted in zip(addresses, answers, strict=True) if accepted}


async def _accepts(address: str) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _reader, writer = await asyncio.open_connection(address, SSH_PORT)
    except OSError:  # includes the time-out
        return False
    writer.close()
    return True
