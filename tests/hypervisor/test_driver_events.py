"""What guests do reaches us as it happens."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from compute.driver.errors import HypervisorUnreachable
from compute.driver.events import subscribe
from compute.driver.guest.domain import Guest
from compute.driver.specs import GuestEvent, GuestEventKind, PowerState
from tests.hypervisor.conftest import Workshop
from tests.hypervisor.libvirt_relay import Relay
from tests.waiting import wait_until


@dataclass
class Listener:
    """Keeps what it hears."""

    events: list[GuestEvent] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def kinds(self, uuid: str) -> list[tuple[GuestEventKind, str]]:
        return [(event.kind, event.detail) for event in self.events if event.uuid == uuid]

    def wait_for(self, uuid: str, kind: GuestEventKind, detail: str) -> None:
        wait_until(lambda: (kind, detail) in self.kinds(uuid), f"{kind} {detail}; heard {self.kinds(uuid)}")


@pytest.fixture
def listener(uri: str) -> Iterator[Listener]:
    listener = Listener()
    subscription = subscribe(uri, listener.events.append, listener.closed.append)
    yield listener
    subscription.close()
    subscription.close()


def test_a_life_is_told(workshop: Workshop, listener: Listener) -> None:
    guest = workshop.guest()
    guest.start()
    guest.reset()
    listener.wait_for(guest.uuid, GuestEventKind.REBOOTED, "")
    guest.destroy()
    guest.undefine()
    listener.wait_for(guest.uuid, GuestEventKind.UNDEFINED, "removed")
    told = [kind for kind, _ in listener.kinds(guest.uuid)]
    order = [GuestEventKind.DEFINED, GuestEventKind.STARTED, GuestEventKind.REBOOTED, GuestEventKind.STOPPED]
    assert [told.index(kind) for kind in order] == sorted(told.index(kind) for kind in order)
    assert (GuestEventKind.STOPPED, "destroyed") in listener.kinds(guest.uuid)
    assert GuestEventKind.CRASHED not in told


def test_the_death_of_qemu_is_told_as_a_crash(workshop: Workshop, listener: Listener) -> None:
    spec = workshop.spec()
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    os.kill(int(Path(f"/run/libvirt/qemu/{spec.name}.pid").read_text()), signal.SIGKILL)
    listener.wait_for(guest.uuid, GuestEventKind.CRASHED, "failed")
    assert GuestEventKind.STOPPED not in [kind for kind, _ in listener.kinds(guest.uuid)]


def test_defining_is_an_event_too(workshop: Workshop, listener: Listener) -> None:
    guest = workshop.guest()
    listener.wait_for(guest.uuid, GuestEventKind.DEFINED, "added")


def test_a_closed_subscription_hears_no_more(workshop: Workshop) -> None:
    listener = Listener()
    subscription = subscribe(workshop.uri, listener.events.append, listener.closed.append)
    subscription.close()
    guest = workshop.guest()
    guest.undefine()
    assert listener.events == []
    assert listener.closed == []


def test_a_lost_hypervisor_is_told_and_can_be_had_again(workshop: Workshop) -> None:
    relay = Relay(workshop.root / "relay.sock")
    relay.open()
    listener = Listener()
    subscription = subscribe(relay.uri, listener.events.append, listener.closed.append)
    guest = Guest(relay.uri, workshop.guest().uuid)
    assert guest.facts().power is PowerState.SHUT_OFF

    relay.cut()
    wait_until(lambda: listener.closed, "word of the loss", 2)
    assert listener.closed == ["eof"]
    with pytest.raises(HypervisorUnreachable):
        guest.facts()
    with pytest.raises(HypervisorUnreachable):
        subscribe(relay.uri, listener.events.append, listener.closed.append)
    subscription.close()

    relay.open()
    assert guest.facts().power is PowerState.SHUT_OFF
    second = subscribe(relay.uri, listener.events.append, listener.closed.append)
    guest.undefine()
    listener.wait_for(guest.uuid, GuestEventKind.UNDEFINED, "removed")
    second.close()
    assert listener.closed == ["eof"]


def test_an_unreachable_hypervisor_is_said() -> None:
    with pytest.raises(HypervisorUnreachable):
        subscribe("qemu+tcp://127.0.0.1:1/system", print, print)
