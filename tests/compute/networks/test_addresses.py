"""Each port gets the lowest free address, and no two the same."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from accounts.errors import Conflict
from compute.networks.models import Network
from compute.networks.services import addresses
from tests import factories


def test_lowest_first_and_gaps_are_filled(network: Network) -> None:
    instance = factories.InstanceFactory()
    ports = [addresses.plug(instance, instance.project, network) for _ in range(4)]
    assert [port.address for port in ports] == [f"10.48.0.{number}" for number in (10, 11, 12, 13)]
    ports[1].delete()
    assert addresses.plug(instance, instance.project, network).address == "10.48.0.11"


@pytest.mark.parametrize(
    ("cidr", "room"),
    [("10.0.0.0/30", 1), ("10.0.0.0/29", 5), ("10.0.0.0/28", 11), ("10.0.0.0/26", 53), ("10.0.0.0/24", 245)],
)
def test_a_full_network_says_so(db: None, cidr: str, room: int) -> None:
    network = factories.NetworkFactory(cidr=cidr, name="small")
    instance = factories.InstanceFactory()
    subnet = ipaddress.IPv4Network(cidr)
    got = [
        ipaddress.IPv4Address(addresses.plug(instance, instance.project, network).address)
        for _ in range(room)
    ]
    assert len(set(got)) == room
    assert set(got) <= set(subnet.hosts()) - {subnet[1]}, "not the network, the gateway or the broadcast"
    with pytest.raises(Conflict, match="The network small has no free address left"):
        addresses.plug(instance, instance.project, network)


def test_networks_do_not_share_addresses(network: Network) -> None:
    instance = factories.InstanceFactory()
    other = factories.NetworkFactory(name="other")
    assert (
        addresses.plug(instance, instance.project, network).address
        == addresses.plug(instance, instance.project, other).address
    )


def test_macs_look_like_openstacks_and_one_that_is_taken_is_not_given(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([b"\x01\x02\xaf", b"\x01\x02\xaf", b"\x01\x02\xb0"])
    monkeypatch.setattr(addresses.secrets, "token_bytes", lambda count: next(drawn))
    instance = factories.InstanceFactory()
    macs = [addresses.plug(instance, instance.project, network).mac for _ in range(2)]
    assert macs == ["fa:16:3e:01:02:af", "fa:16:3e:01:02:b0"]


def test_taps_fit_the_kernel(network: Network) -> None:
    instance = factories.InstanceFactory()
    assert len(addresses.plug(instance, instance.project, network).tap_name) <= 15


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_get_twenty_addresses(network: Network) -> None:
    instance = factories.InstanceFactory()

    def plug(_number: int) -> str:
        try:
            with transaction.atomic():
                return addresses.plug(instance, instance.project, network).address
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        got = set(threads.map(plug, range(20)))
    assert got == {f"10.48.0.{number}" for number in range(10, 30)}
