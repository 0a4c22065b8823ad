"""Each port gets the lowest free address, and no two the same."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import Conflict
from compute.models import Network, Port
from compute.services import addresses
from tests import factories


def test_lowest_first_and_gaps_are_filled(network: Network) -> None:
    instance = factories.InstanceFactory()
    ports = [addresses.plug(instance, network) for _ in range(4)]
    assert [port.address for port in ports] == [f"10.48.0.{number}" for number in (10, 11, 12, 13)]
    ports[1].delete()
    assert addresses.plug(instance, network).address == "10.48.0.11"


@pytest.mark.parametrize(
    ("cidr", "room"),
    [("10.0.0.0/30", 1), ("10.0.0.0/29", 5), ("10.0.0.0/28", 11), ("10.0.0.0/26", 53), ("10.0.0.0/24", 245)],
)
def test_a_full_network_says_so(db: None, cidr: str, room: int) -> None:
    network = factories.NetworkFactory(cidr=cidr, name="small")
    instance = factories.InstanceFactory()
    subnet = ipaddress.IPv4Network(cidr)
    got = [ipaddress.IPv4Address(addresses.plug(instance, network).address) for _ in range(room)]
    assert len(set(got)) == room
    assert set(got) <= set(subnet.hosts()) - {subnet[1]}, "not the network, the gateway or the broadcast"
    with pytest.raises(Conflict, match="The network small has no free address left"):
        addresses.plug(instance, network)


def test_networks_do_not_share_addresses(network: Network) -> None:
    instance = factories.InstanceFactory()
    other = factories.NetworkFactory(name="other")
    assert addresses.plug(instance, network).address == addresses.plug(instance, other).address


@given(st.uuids())
def test_macs_come_from_ids_and_look_like_openstacks(identity) -> None:
    mac = addresses.mac_of(Port(pk=identity))
    assert mac == addresses.mac_of(Port(pk=identity))
    assert mac.startswith("fa:16:3e:")
    assert len(mac) == 17


def test_taps_fit_the_kernel(network: Network) -> None:
    assert len(addresses.plug(factories.InstanceFactory(), network).tap_name) <= 15


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_get_twenty_addresses(network: Network) -> None:
    instance = factories.InstanceFactory()

    def plug(_number: int) -> str:
        try:
            with transaction.atomic():
                return addresses.plug(instance, network).address
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        got = set(threads.map(plug, range(20)))
    assert got == {f"10.48.0.{number}" for number in range(10, 30)}
