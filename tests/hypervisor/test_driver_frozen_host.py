"""A libvirtd that stops answering fails its callers, and nobody else."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import libvirt
import pytest

from accounts.errors import Unavailable
from compute.driver import connection, event_loop, limited
from compute.driver.connection import close_all, connect, open_connection
from compute.driver.errors import DriverError, HypervisorUnreachable
from compute.driver.events import subscribe
from compute.driver.guest.domain import Guest
from compute.driver.limited import within
from compute.driver.specs import GuestEvent, PowerState
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import console_views
from tests.freezing import frozen
from tests.hypervisor.conftest import Workshop
from tests.hypervisor.private_libvirtd import PrivateLibvirtd
from tests.waiting import wait_until

TEST_GUEST = "6695eb01-f6a4-8304-79aa-97f2502e193f"
"""The one that libvirt's test hypervisor begins with."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waiting is the same for a tenth of the time."""
    monkeypatch.setattr(connection, "KEEPALIVE_SECONDS", 1)
    monkeypatch.setattr(connection, "KEEPALIVE_COUNT", 2)
    monkeypatch.setattr(connection, "OPEN_SECONDS", 1.0)
    yield
    close_all()


def outcome(future: "Future[Any]") -> object:
    """What a call came to, which must not be that it still waits."""
    return future.exception(30) or future.result()


def test_callers_get_an_error_and_other_hosts_go_on(
    impatient: None, private_libvirtd: PrivateLibvirtd, workshop: Workshop
) -> None:
    guest, other = Guest(private_libvirtd.uri, TEST_GUEST), workshop.guest()
    together = threading.Barrier(8)

    def ask() -> PowerState:
        together.wait(20)
        return guest.facts().power

    def faults(calls: "list[Future[Any]]") -> set[object]:
        assert other.facts().power is PowerState.SHUT_OFF
        return {type(outcome(call)) for call in calls}

    with ThreadPoolExecutor(8) as threads:
        assert {call.result() for call in [threads.submit(ask) for _ in range(8)]} == {PowerState.RUNNING}
        with frozen(private_libvirtd.pid):
            assert faults([threads.submit(ask) for _ in range(8)]) == {HypervisorUnreachable}
            # Their connections are dead by now, so they open others, which do not come.
            assert faults([threads.submit(ask) for _ in range(8)]) == {HypervisorUnreachable}
            [opening] = [thread for thread in threading.enumerate() if thread.name.startswith("open ")]
            assert faults([threads.submit(open_connection, guest.uri)]) == {HypervisorUnreachable}
            assert faults([threads.submit(ask) for _ in range(8)]) == {HypervisorUnreachable}
            assert [t for t in threading.enumerate() if t.name.startswith("open ")] == [opening]
        wait_until(lambda: not opening.is_alive(), "the late opening to end")
        assert {call.result() for call in [threads.submit(ask) for _ in range(8)]} == {PowerState.RUNNING}
        open_connection(guest.uri).close()


def test_a_restarted_daemon_is_found_again(impatient: None, private_libvirtd: PrivateLibvirtd) -> None:
    before = connect(private_libvirtd.uri)
    private_libvirtd.stop()
    wait_until(lambda: not before.isAlive(), "word of its death")
    with pytest.raises(HypervisorUnreachable):
        connect(private_libvirtd.uri)
    private_libvirtd.start()
    assert Guest(private_libvirtd.uri, TEST_GUEST).facts().power is PowerState.RUNNING
    assert connect(private_libvirtd.uri) is not before


def test_a_frozen_host_ends_a_subscription(impatient: None, private_libvirtd: PrivateLibvirtd) -> None:
    closed: list[str] = []
    subscription = subscribe(private_libvirtd.uri, lambda event: None, closed.append)
    with frozen(private_libvirtd.pid):
        wait_until(lambda: closed, "word of the loss", 30)
    assert closed == ["keepalive"]
    subscription.close()


def test_limited_calls_do_not_pile_up(
    impatient: None, private_libvirtd: PrivateLibvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen web threads ask for pictures: few wait, the others are told at once, and no thread is left."""
    monkeypatch.setattr(connection, "KEEPALIVE_SECONDS", 5)
    uri = private_libvirtd.uri
    close_all()
    guest = Guest(uri, TEST_GUEST)
    assert guest.screenshot(5).startswith(b"\x89PNG")
    with frozen(private_libvirtd.pid), ThreadPoolExecutor(16) as threads:
        calls = [threads.submit(within, 0.5, uri, f"guest {n}", guest.facts) for n in range(16)]
        faults = [outcome(call) for call in calls]
        assert all(isinstance(fault, DriverError) and fault.retryable for fault in faults)
        waiting = [thread for thread in threading.enumerate() if thread.name.startswith("limited ")]
        assert len(waiting) == limited.MOST_CALLS
        with pytest.raises(HypervisorUnreachable, match="4 earlier calls"):
            within(60, uri, "another guest", guest.facts)
    wait_until(lambda: not any(thread.is_alive() for thread in waiting), "the late calls to end")
    assert guest.screenshot(5).startswith(b"\x89PNG")


def test_pictures_of_a_frozen_host_are_given_up(impatient: None, private_libvirtd: PrivateLibvirtd) -> None:
    close_all()
    host = Hypervisor(uri=private_libvirtd.uri)
    instances = [Instance(name=f"vm {n}", hypervisor=host) for n in range(6)]
    instances.append(Instance(pk=TEST_GUEST, name="test", hypervisor=host))
    with frozen(private_libvirtd.pid), ThreadPoolExecutor(7) as threads:
        calls = [threads.submit(console_views.screenshot, instance) for instance in instances]
        assert {type(outcome(call)) for call in calls} == {Unavailable}
    wait_until(
        lambda: not any(thread.name.startswith(("open ", "limited ")) for thread in threading.enumerate()),
        "the late calls to end",
    )
    assert console_views.screenshot(instances[-1]).startswith(b"\x89PNG")


def test_one_limited_call_a_guest_at_a_time(uri: str) -> None:
    """The second waits for its turn; when the first is overdue, it is told at once."""
    go, started = threading.Event(), threading.Event()

    def slow() -> int:
        started.set()
        go.wait(10)
        return 1

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(within, 10, uri, "one", slow)
        started.wait(10)
        second = threads.submit(within, 10, uri, "one", lambda: 2)
        assert within(10, uri, "two", lambda: 3) == 3
        assert wait([second], 0.1).not_done
        go.set()
        assert (first.result(), second.result()) == (1, 2)


def test_a_child_process_hears_events_of_its_own(workshop: Workshop) -> None:
    """After a fork the event loop is made anew, and the parent's connections are left alone."""
    parent = connect(workshop.uri)
    guest = workshop.guest()
    heard: list[GuestEvent] = []
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.closerange(3, 1024)  # as Celery's workers do
            subscribe(workshop.uri, heard.append, lambda reason: None)
            guest.undefine()
            wait_until(lambda: heard, "the event")
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connect(workshop.uri) is parent
    assert parent.getLibVersion()


def test_timers_and_handles_of_the_loop_go() -> None:
    """What libvirt removed is called no more, and freed."""
    event_loop.start()
    fired: list[int] = []
    timer = libvirt.virEventAddTimeout(1, lambda number, opaque: fired.append(number), None)
    wait_until(lambda: len(fired) > 2, "the timer")
    libvirt.virEventRemoveTimeout(timer)
    time.sleep(0.05)
    count = len(fired)
    reader, writer = os.pipe()
    seen: list[int] = []
    callback: Callable[..., None] = lambda watch, fd, events, opaque: seen.append(events)  # noqa: E731
    handle = libvirt.virEventAddHandle(reader, libvirt.VIR_EVENT_HANDLE_READABLE, callback, None)
    assert not seen
    os.write(writer, b"x")
    wait_until(lambda: seen, "the handle")
    libvirt.virEventRemoveHandle(handle)
    os.close(reader)
    os.close(writer)
    assert set(seen) == {libvirt.VIR_EVENT_HANDLE_READABLE}
    assert len(fired) == count
