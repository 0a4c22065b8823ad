"""Gives ports their addresses."""

import hashlib
import ipaddress
import uuid

from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.models import Instance, Network, Port

FIRST = 10
"""Addresses below are kept for hosts and services."""


def plug(instance: Instance, network: Network) -> Port:
    """A port with the lowest free address. Call it in a transaction; it holds the network's row until the end.

    Raises Conflict when every address is taken.
    """
    Network.objects.select_for_update().get(pk=network.pk)
    taken = {
        int(ipaddress.IPv4Address(address)) for address in network.ports.values_list("address", flat=True)
    }
    subnet = ipaddress.IPv4Network(network.cidr)
    first, last = int(subnet[0]) + max(2, min(FIRST, subnet.num_addresses // 4)), int(subnet[-1])
    address = next((number for number in range(first, last) if number not in taken), None)
    if address is None:
        raise Conflict(
            _("The network %(name)s has no free address left. Delete an instance or use another network.")
            % {"name": network.name}
        )
    port = Port(pk=uuid.uuid4(), project=instance.project, network=network, instance=instance)
    port.address = str(ipaddress.IPv4Address(address))
    port.mac = mac_of(port)
    port.save(force_insert=True)
    return port


def mac_of(port: Port) -> str:
    """A MAC address made from the port's id, with the prefix that OpenStack uses."""
    digest = hashlib.sha256(port.pk.bytes).digest()
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in digest[:3])
