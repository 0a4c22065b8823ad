"""How far a guest has come since it was powered on: booting, has its address, answers SSH.

An address is seen in the DHCP server's leases, SSH by knocking at the guest's port. Both are looked at only
while something boots: no event tells of either.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
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
"""How long a guest is looked at; many never answer SSH and are well all the same."""

SSH_PORT = 22
KNOCK_SECONDS = 0.5


def update_all(hypervisor: Hypervisor) -> None:
    """Look once at every guest of the hypervisor that still boots. Costs one query where none does."""
    booting = Instance.objects.filter(
        hypervisor=hypervisor,
        vm_state=VmState.ACTIVE,
        task_state=None,
        boot_stage__in=[BootStage.BOOTING, BootStage.ADDRESS],
        booted_at__gt=timezone.now() - PATIENCE,
    )
    ports = {port.instance_id: port for port in Port.objects.filter(instance__in=list(booting))}
    if not ports:
        return
    granted = _granted(hypervisor)
    knocked = asyncio.run(_knock([port.address for port in ports.values()]))
    for instance in booting:
        port = ports.get(instance.pk)
        if port is None or instance.booted_at is None:
            continue
        if port.address in knocked:
            transitions.change(instance, boot_stage=BootStage.REACHABLE)
        elif instance.boot_stage == BootStage.BOOTING and _has_since(granted, port, instance.booted_at):
            transitions.change(instance, boot_stage=BootStage.ADDRESS)


def _granted(hypervisor: Hypervisor) -> dict[str, datetime]:
    """MAC address → when its lease was given or last renewed."""
    found: dict[str, datetime] = {}
    for network in Network.objects.all():
        try:
            leases = host_networks.network(hypervisor, network).leases()
        except DriverError as error:
            log.warning("leases cannot be read", network=network.name, reason=str(error))
            continue
        for lease in leases:
            found[lease.mac] = datetime.fromtimestamp(lease.granted, tz=UTC)
    return found


def _has_since(granted: dict[str, datetime], port: Port, since: datetime) -> bool:
    """Whether the lease is of this boot; the server counts whole seconds."""
    return port.mac in granted and granted[port.mac] >= since - timedelta(seconds=1)


async def _knock(addresses: list[str]) -> set[str]:
    """Those at which something accepts a connection on SSH's port."""
    answers = await asyncio.gather(*(_accepts(address) for address in addresses))
    return {address for address, accepted in zip(addresses, answers, strict=True) if accepted}


async def _accepts(address: str) -> bool:
    try:
        async with asyncio.timeout(KNOCK_SECONDS):
            _reader, writer = await asyncio.open_connection(address, SSH_PORT)
    except OSError:  # includes the time-out
        return False
    writer.close()
    return True
