"""Definitions of networks."""

import ipaddress
from dataclasses import dataclass
from typing import ClassVar

from ..specs import LEASE_SECONDS, NetworkSpec
from .element import Element, attribute, leaf

DNSMASQ = "http://libvirt.org/schemas/network/dnsmasq/1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward(Element):
    TAG: ClassVar[str] = "forward"
    mode: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge(Element):
    TAG: ClassVar[str] = "bridge"
    name: str = attribute()
    stp: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mtu(Element):
    TAG: ClassVar[str] = "mtu"
    size: int = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Element):
    TAG: ClassVar[str] = "ip"
    address: str = attribute()
    prefix: int = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsmasqOption(Element):
    TAG: ClassVar[str] = f"{{{DNSMASQ}}}option"
    NAMESPACES: ClassVar[dict[str, str]] = {"dnsmasq": DNSMASQ}
    value: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsmasqOptions(Element):
    TAG: ClassVar[str] = f"{{{DNSMASQ}}}options"
    NAMESPACES: ClassVar[dict[str, str]] = {"dnsmasq": DNSMASQ}
    options: tuple[DnsmasqOption, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkElement(Element):
    TAG: ClassVar[str] = "network"
    NAMESPACES: ClassVar[dict[str, str]] = {"dnsmasq": DNSMASQ}
    name: str = leaf()
    uuid: str = leaf()
    forward: Forward
    bridge: Bridge
    mtu: Mtu
    ip: Address
    options: DnsmasqOptions


def nat_network(spec: NetworkSpec) -> NetworkElement:
    """Return a NAT network whose DHCP server answers NICs with a reservation only.

    libvirt's own `<dhcp>` takes a second for each reservation; dnsmasq watches a folder of them instead.
    Spanning tree is off, so that a guest's NIC forwards from its first packet.
    """
    subnet = ipaddress.IPv4Network(spec.cidr)
    options = (
        f"dhcp-range={subnet.network_address},static,{subnet.netmask},{LEASE_SECONDS}",
        f"dhcp-hostsdir={spec.dhcp_folder}",
        "dhcp-authoritative",
    )
    return NetworkElement(
        name=spec.name,
        uuid=spec.uuid,
        forward=Forward(mode="nat"),
        bridge=Bridge(name=spec.bridge, stp="off"),
        mtu=Mtu(size=spec.mtu),
        ip=Address(address=spec.gateway, prefix=subnet.prefixlen),
        options=DnsmasqOptions(options=tuple(DnsmasqOption(value=option) for option in options)),
    )
