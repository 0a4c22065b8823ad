"""Subnets: a network has one range of addresses, whose id follows from the network's."""

import ipaddress
from collections.abc import Iterable
from uuid import NAMESPACE_OID, UUID, uuid5

from accounts.openstack import ids
from compute.networks.models import Network

_VERSION_AND_VARIANT = (0xF << 76) | (0x3 << 62)
_DIFFERENCE = uuid5(NAMESPACE_OID, "subnet").int & ~_VERSION_AND_VARIANT
"""The bits in which the ids of a network and of its subnet differ."""


def subnet_id(network: Network) -> str:
    return str(UUID(int=network.pk.int ^ _DIFFERENCE))


def network_key(subnet: str) -> UUID | None:
    """Return the id of the network with this subnet; None for what is no id."""
    key = ids.uuid(subnet)
    return UUID(int=key.int ^ _DIFFERENCE) if key else None


def ranges_with_gateway(gateways: Iterable[str]) -> list[str]:
    """Return every range whose first address is one of these."""
    ranges = []
    for text in gateways:
        try:
            network = int(ipaddress.IPv4Address(text)) - 1
        except ValueError:
            continue
        ranges += [
            f"{ipaddress.IPv4Address(network)}/{length}"
            for length in range(31)
            if network >= 0 and not network & (2 ** (32 - length) - 1)
        ]
    return ranges
