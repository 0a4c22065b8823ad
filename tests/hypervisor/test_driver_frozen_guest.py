"""A QEMU that stops answering holds nobody up, and can be ended."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from compute.driver import limited
from compute.driver.errors import DriverError, GuestBusy, GuestNotRunning
from compute.driver.guest.domain import Guest, list_guests
from compute.driver.specs import PowerState
from tests.freezing import frozen
from tests.hypervisor.conftest import Workshop, qemu_process
from tests.waiting import wait_until


def test_calls_end_others_go_on_and_it_can_be_powered_off(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "QEMU_SECONDS", 0.5)
    spec = workshop.spec()
    guest, other = Guest.define(workshop.uri, spec), workshop.guest()
    guest.start()
    other.start()
    with frozen(qemu_process(spec.name)), ThreadPoolExecutor(1) as threads:
        with pytest.raises(GuestBusy, match=f"Guest {spec.uuid} does not answer") as caught:
            guest.pause()
        assert caught.value.retryable
        [stuck] = [thread for thread in threading.enumerate() if thread.name == f"limited {spec.uuid}"]
        for ask in (guest.pause, guest.screenshot, guest.reset, guest.shut_down):
            with pytest.raises(GuestBusy, match=spec.uuid):
                ask()
        assert [thread for thread in threading.enumerate() if thread.name.startswith("limited ")] == [stuck]
        off = threads.submit(guest.destroy)
        assert guest.facts().power is PowerState.RUNNING
        assert spec.uuid in {facts.uuid for facts in list_guests(workshop.uri)}
        other.pause()
        other.unpause()
        assert other.screenshot().startswith(b"\x89PNG")
        off.result(60)
    assert guest.facts().power is PowerState.SHUT_OFF
    wait_until(lambda: not stuck.is_alive(), "the stuck call to end")
    with pytest.raises(GuestNotRunning):
        guest.pause()
    guest.start()
    assert guest.facts().power is PowerState.RUNNING


def test_a_guest_that_wakes_up_is_itself_again(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = workshop.spec()
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    with monkeypatch.context() as patch, frozen(qemu_process(spec.name)):
        patch.setattr(limited, "QEMU_SECONDS", 0.5)
        with pytest.raises(DriverError):
            guest.pause()
    wait_until(lambda: guest.facts().power is PowerState.PAUSED, "the call that came late")
    wait_until(lambda: _unpauses(guest), "the late call to be over")
    assert guest.facts().power is PowerState.RUNNING


def _unpauses(guest: Guest) -> bool:
    """Unpause; return whether no earlier call was still about to return."""
    try:
        guest.unpause()
    except GuestBusy:
        return False
    return True
