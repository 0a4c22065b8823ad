"""Ports and their addresses."""

import ipaddress
import secrets
from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.locking import lock_all
from accounts.models import Project
from compute.engine.models import Subject
from compute.networks.models import Network, Port

FIRST = 10
"""Addresses below are reserved for hosts and services."""


def lock(networks: Iterable[Network]) -> None:
    """Lock the networks in the documented order, for a transaction that makes ports in several."""
    keys = [network.pk for network in networks]
    lock_all(Network.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))


def plug(owner: Subject, project: Project, network: Network) -> Port:
    """Make a port with the lowest free address. Raise Conflict if the network is full.

    Call it in a transaction, which holds the network's row until its end.
    """
    Network.objects.select_for_update(no_key=True).get(pk=network.pk)
    used = {
        int(ipaddress.IPv4Address(address)) for address in network.ports.values_list("address", flat=True)
    }
    subnet = ipaddress.IPv4Network(network.cidr)
    first, last = int(subnet[0]) + max(2, min(FIRST, subnet.num_addresses // 4)), int(subnet[-1])
    address = next((number for number in range(first, last) if number not in used), None)
    if address is None:
        raise Conflict(
            _("The network %(name)s has no free address left. Delete an instance or use another network.")
            % {"name": network.name}
        )
    port = Port(project=project, network=network, instance_id=owner.pk)
    port.address = str(ipaddress.IPv4Address(address))
    port.mac = _free_mac()
    port.save(force_insert=True)
    return port


def _free_mac() -> str:
    """Return an unused MAC address with OpenStack's prefix.

    The other 24 bits are few: among a thousand ports, two would be equal one time in thirty.
    """
    while True:
        mac = "fa:16:3e:" + secrets.token_bytes(3).hex(":")
        if not Port.objects.filter(mac=mac).exists():
            return mac
