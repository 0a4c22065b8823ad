"""From rows to the driver: handles of guests, pools and networks, and where their files are."""

import ipaddress
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.models import Installation
from compute.driver.guest.domain import Guest
from compute.driver.guest.growth import Growth
from compute.driver.network.nat import Network as DriverNetwork
from compute.driver.specs import NetworkSpec
from compute.driver.storage.directory import DirectoryPool
from compute.driver.storage.pool import Pool
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.networks.models import Network

SOCKETS = settings.STORAGE_DIR / "sockets"
CONSOLE_LOGS = settings.STORAGE_DIR / "consoles"
IMAGES = settings.STORAGE_DIR / "images"
FIRMWARE = settings.STORAGE_DIR / "firmware"


@cache
def installation() -> Installation:
    """The installation's row; it never changes while a process lives."""
    return Installation.current()


def pool(hypervisor: Hypervisor) -> Pool:
    """The storage pool that holds this installation's disks."""
    return DirectoryPool(hypervisor.uri, f"meridian-{installation().short}", settings.STORAGE_DIR / "pool")


def pool_of(instance: Instance) -> Pool:
    """The storage pool of the instance's hypervisor. Raises Conflict when it has none."""
    if instance.hypervisor is None:
        raise Conflict(_("This instance never found a host. Delete it and launch it again."))
    return pool(instance.hypervisor)


def guest(instance: Instance) -> Guest:
    """The guest behind the instance. Raises Conflict when it has no hypervisor."""
    return Guest(uri(instance), str(instance.pk))


def growth(instance: Instance) -> Growth:
    """The running guest behind the instance, to be given more. Raises Conflict when it has no hypervisor."""
    return Growth(uri(instance), str(instance.pk))


def uri(instance: Instance) -> str:
    """The libvirt address of the instance's hypervisor. Raises Conflict when it has none."""
    if instance.hypervisor is None:
        raise Conflict(_("This instance never found a host. Delete it and launch it again."))
    return instance.hypervisor.uri


def network(hypervisor: Hypervisor, row: Network) -> DriverNetwork:
    """The network as the hypervisor provides it."""
    return DriverNetwork(hypervisor.uri, network_spec(row))


def network_spec(row: Network) -> NetworkSpec:
    """The first address of the range is the host's own: gateway, DHCP and name server."""
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


def vnc_socket(instance: Instance) -> Path:
    """Where the guest's screen listens; paths of sockets may have 107 bytes, so the name is short."""
    return Path(SOCKETS / f"{instance.pk.hex}.vnc")


def nvram(instance: Instance) -> Path:
    """Where the guest's UEFI firmware keeps its variables."""
    return Path(FIRMWARE / f"{instance.pk}.fd")


def console_log(instance: Instance) -> Path:
    """What the guest wrote to its serial port."""
    return Path(CONSOLE_LOGS / f"{instance.pk}.log")
