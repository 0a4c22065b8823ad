"""A whole guest: it boots our XML, takes its reserved address, talks on its console and hears the power button."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from compute.driver.guest.domain import Guest
from compute.driver.network.nat import Network
from compute.driver.specs import PortSpec, PowerState
from compute.tiny.build import TinyImage
from tests.hypervisor.conftest import Workshop
from tests.waiting import wait_until

BOOT_SECONDS = 90
MAC = "52:54:00:7e:58:01"


class Screen:
    """Collects what the console says."""

    def __init__(self, guest: Guest) -> None:
        self.console = guest.console()
        self.text = ""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while data := self.console.read():
            self.text += data.decode(errors="replace")


@pytest.fixture
def address(network: Network) -> Iterator[str]:
    address = f"{network.spec.gateway.rsplit('.', 1)[0]}.99"
    network.reserve(MAC, address, "tiny-guest")
    yield address
    network.release(address)


@pytest.mark.proof
def test_boot_address_console_and_power_button(
    workshop: Workshop, network: Network, tiny_image: TinyImage, address: str
) -> None:
    workshop.pool.import_file("tiny", tiny_image.path, "qcow2", lambda done, total: None)
    port = PortSpec(
        id="tiny-port", mac=MAC, network=network.spec.name, address=address, tap_name=f"{workshop.prefix}t0"
    )
    spec = workshop.spec(image="tiny", ports=(port,), memory_mib=128)
    guest = Guest.define(workshop.uri, spec)
    begun = time.monotonic()
    guest.start()
    screen = Screen(guest)
    wait_until(lambda: [lease for lease in network.leases() if lease.mac == MAC], "a lease", BOOT_SECONDS)
    print(f"lease after {time.monotonic() - begun:.1f} s")  # noqa: T201 - a figure worth seeing
    assert [lease.address for lease in network.leases() if lease.mac == MAC] == [address]

    wait_until(
        lambda: "tiny" in screen.text.lower() or "#" in screen.text, "the console to speak", BOOT_SECONDS
    )
    for _ in itertools.repeat(None, 20):
        screen.console.write(b"echo sum=$((40+2))\n")
        time.sleep(0.5)
        if "sum=42" in screen.text:
            break
    assert "sum=42" in screen.text
    assert "sum=42" in spec.console_log.read_text(errors="replace")

    for _ in itertools.repeat(None, 10):  # the button is heard once the guest's listener is up
        guest.shut_down()
        time.sleep(1)
        if guest.facts().power is PowerState.SHUT_OFF:
            break
    wait_until(lambda: guest.facts().power is PowerState.SHUT_OFF, "the guest to power off", 20)
    assert guest.facts().reason == "shutdown"
    screen.thread.join(2)
    assert not screen.thread.is_alive()
    screen.console.close()
    workshop.sweep()
    workshop.pool.delete("tiny")
