"""The NAT network and its promises, asked as cards ask."""

import itertools
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from compute.driver.errors import Conflict, DriverError, InvalidGuest, NetworkNotFound
from compute.driver.network.nat import Network
from compute.driver.specs import Reservation
from tests.hypervisor.conftest import remove_network
from tests.hypervisor.dhcp_client import DhcpClient
from tests.waiting import wait_until

_numbers = itertools.count(1)


@pytest.fixture
def macs() -> Iterator[str]:
    """Cards nobody has used before."""
    return (f"52:54:00:7e:57:{next(_numbers):02x}" for _ in itertools.count())


def address(network: Network, last: int) -> str:
    return f"{network.spec.gateway.rsplit('.', 1)[0]}.{last}"


def test_ensure_twice_is_the_same_as_once(network: Network) -> None:
    network.ensure()


def test_another_network_of_the_name_is_a_conflict(network: Network) -> None:
    with pytest.raises(Conflict, match="another network called"):
        Network(network.uri, replace(network.spec, uuid=str(uuid.uuid4()))).ensure()


def test_a_taken_bridge_is_a_conflict(network: Network) -> None:
    other = Network(
        network.uri,
        replace(
            network.spec,
            name=f"{network.spec.name}-2",
            uuid=str(uuid.uuid4()),
            dhcp_folder=network.spec.dhcp_folder.with_name("dhcp-2"),
        ),
    )
    try:
        with pytest.raises(Conflict):
            other.ensure()
    finally:
        remove_network(other)


def test_a_reserved_card_gets_its_address_at_once(
    network: Network, dhcp_client: DhcpClient, macs: Iterator[str]
) -> None:
    mac, wanted = next(macs), address(network, 20)
    network.reserve(mac, wanted, "web-1")
    assert dhcp_client.ask(mac) == (wanted, 3600)
    assert dhcp_client.ask(mac) == (wanted, 3600)
    assert Reservation(mac=mac, address=wanted, hostname="web-1") in network.reservations()
    wait_until(lambda: [lease for lease in network.leases() if lease.mac == mac], "the lease to be listed")
    [lease] = [lease for lease in network.leases() if lease.mac == mac]
    assert (lease.address, lease.hostname) == (wanted, "web-1")
    assert 3500 < lease.expires - time.time() <= 3601
    network.release(wanted)


def test_an_unknown_card_gets_nothing(dhcp_client: DhcpClient, macs: Iterator[str]) -> None:
    assert dhcp_client.ask(next(macs)) is None


def test_a_released_address_is_taken_from_its_card(
    network: Network, dhcp_client: DhcpClient, macs: Iterator[str]
) -> None:
    mac, wanted = next(macs), address(network, 21)
    network.reserve(mac, wanted, "web-2")
    assert dhcp_client.ask(mac) == (wanted, 3600)
    network.release(wanted)
    network.release(wanted)
    assert dhcp_client.ask(mac) is None
    wait_until(lambda: wanted not in [lease.address for lease in network.leases()], "the lease to go")
    assert wanted not in [reservation.address for reservation in network.reservations()]


def test_an_address_passes_to_another_card_at_once(
    network: Network, dhcp_client: DhcpClient, macs: Iterator[str]
) -> None:
    wanted = address(network, 22)
    before = None
    for number in range(4):
        mac = next(macs)
        if number % 2:
            network.release(wanted)
        network.reserve(mac, wanted, f"web-{number}")
        assert dhcp_client.ask(mac) == (wanted, 3600)
        if before is not None:
            assert dhcp_client.ask(before) is None
        before = mac
    network.release(wanted)


def test_a_card_can_move_to_another_address(
    network: Network, dhcp_client: DhcpClient, macs: Iterator[str]
) -> None:
    mac = next(macs)
    for last in (23, 24, 23):
        network.reserve(mac, address(network, last), "mover")
        assert dhcp_client.ask(mac) == (address(network, last), 3600)
        network.release(address(network, last))


def test_a_half_done_release_is_done_again(
    network: Network, dhcp_client: DhcpClient, macs: Iterator[str]
) -> None:
    mac, wanted = next(macs), address(network, 25)
    network.reserve(mac, wanted, "web-5")
    assert dhcp_client.ask(mac) is not None
    file = network.spec.dhcp_folder / wanted
    file.rename(file.with_name(f".{wanted}.released"))  # as a process leaves it that dies in the middle
    network.release(wanted)
    assert dhcp_client.ask(mac) is None


def test_promises_survive_a_restart_of_the_network(
    network: Network, dhcp_client: DhcpClient, macs: Iterator[str], prefix: str
) -> None:
    mac, wanted = next(macs), address(network, 26)
    network.reserve(mac, wanted, "web-6")
    network._network().destroy()
    network.reserve(next(macs), address(network, 27), "reserved-while-down")
    network.ensure()
    subprocess.run(["ip", "link", "set", f"{prefix}c1", "master", network.spec.bridge, "up"], check=True)
    assert dhcp_client.ask(mac, patience=15) == (wanted, 3600)
    for last in (26, 27):
        network.release(address(network, last))


@pytest.mark.parametrize(
    ("mac", "last", "hostname"),
    [
        ("52:54:00:7e:57", 30, "short"),
        ("52:54:00:7e:57:01,ignore", 30, "comma"),
        ("52:54:00:7e:57:01", 1, "gateway"),
        ("52:54:00:7e:57:01", 255, "broadcast"),
        ("52:54:00:7e:57:01", 30, "line\nbreak"),
        ("52:54:00:7e:57:01", 30, "Upper"),
        ("52:54:00:7e:57:01", 30, "-dash"),
        ("52:54:00:7e:57:01", 30, ""),
    ],
)
def test_nonsense_is_refused(network: Network, mac: str, last: int, hostname: str) -> None:
    with pytest.raises(InvalidGuest):
        network.reserve(mac, address(network, last), hostname)


@pytest.mark.parametrize("elsewhere", ["192.0.2.1", "nowhere", "../../etc"])
def test_an_address_elsewhere_is_refused(network: Network, elsewhere: str) -> None:
    with pytest.raises(DriverError):
        network.reserve("52:54:00:7e:57:01", elsewhere, "web")


def test_a_missing_network_is_said(network: Network) -> None:
    with pytest.raises(NetworkNotFound):
        Network(network.uri, replace(network.spec, name="nowhere")).leases()
