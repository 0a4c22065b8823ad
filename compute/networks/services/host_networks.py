"""The driver's networks of a host, made of the rows."""

import ipaddress

from django.conf import settings

from compute.driver.errors import DriverError
from compute.driver.network.nat import Network as DriverNetwork
from compute.driver.specs import NetworkSpec
from compute.hosts.models import Hypervisor
from compute.hosts.services import hypervisors, inspection
from compute.networks.models import Network


def network(hypervisor: Hypervisor, row: Network) -> DriverNetwork:
    """Return the driver's network on the hypervisor."""
    return DriverNetwork(hypervisor.uri, network_spec(row))


def network_spec(row: Network) -> NetworkSpec:
    """Return the driver's specification. The first address is the host's: gateway, DHCP and name server."""
    return NetworkSpec(
        name=libvirt_network_name(row),
        uuid=str(row.pk),
        bridge=row.bridge,
        cidr=row.cidr,
        gateway=str(ipaddress.IPv4Network(row.cidr)[1]),
        dhcp_folder=settings.STORAGE_DIR / "dhcp" / row.bridge,
    )


def libvirt_network_name(row: Network) -> str:
    return f"meridian-{row.bridge}"


def ensure_all(hypervisor: Hypervisor) -> None:
    """Make the missing networks on the host. Raise DriverError."""
    for row in Network.objects.all():
        network(hypervisor, row).ensure()


def problems(hypervisor: Hypervisor) -> list[tuple[str, str]]:
    """Return the problems of the host's networks, each with its part's name."""
    pairs = []
    for row in Network.objects.all():
        try:
            network(hypervisor, row).leases()
        except DriverError as error:
            pairs.append((inspection.network_part(row.name), str(error)))
    return pairs


def register() -> None:
    """Register networks with the preparation and inspection of hosts. Call it once at start."""
    hypervisors.register_preparation(ensure_all)
    hypervisors.register_inspection(problems)
