"""The serial console's websocket on a real guest."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.context import system_context
from accounts.models import Assignment, AuditEvent, Project, User
from accounts.services import projects, users
from compute.console import serial
from compute.console.app import application, websockets
from compute.driver.guest.domain import Guest
from compute.engine.services import served_host
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import consoles
from compute.instances.states import VmState
from compute.tiny.build import TinyImage
from tests.factories import HypervisorFactory, InstanceFactory
from tests.hypervisor.conftest import URI, Workshop
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server")]
BOOT_SECONDS = 90


@pytest.fixture
def guest(workshop: Workshop) -> Guest:
    """One that says a line and only runs."""
    guest = workshop.guest()
    guest.start()
    return guest


@pytest.fixture
def linux(workshop: Workshop, tiny_image: TinyImage) -> Guest:
    """One with a shell."""
    workshop.pool.import_file("tiny", tiny_image.path, "qcow2", lambda done, total: None)
    guest = workshop.guest(image="tiny", memory_mib=128)
    guest.start()
    return guest


@pytest.fixture
def host(db: None) -> Iterator[Hypervisor]:
    """The host whose console process the tests are."""
    row = HypervisorFactory(uri=URI)
    served_host.serve(row.pk)
    yield row
    served_host.serve(None)


@pytest.fixture
def instance(guest: Guest, blue: Project, host: Hypervisor) -> Instance:
    return InstanceFactory(pk=guest.uuid, project=blue, hypervisor=host)


@pytest.mark.proof
def test_types_hears_and_is_taken_over(
    linux: Guest, blue: Project, host: Hypervisor, alice: User, max_: User
) -> None:
    instance = InstanceFactory(pk=linux.uuid, project=blue, hypervisor=host)
    alices, maxs = _session(alice), _session(max_)

    async def story() -> None:
        first = await _open(instance, alice, alices)
        await _wait_for_shell(first)
        await _type(first, b"echo six times seven is $((6*7))\n")
        await _hear(first, b"six times seven is 42")

        second = await _open(instance, max_, maxs)
        assert await _closing(first) == (serial.TAKEN_OVER, "max")
        await first.send_input({"type": "websocket.disconnect", "code": 1000})
        await _type(second, b"echo still $((1+1))\n")
        await _hear(second, b"still 2")

        await asyncio.to_thread(linux.destroy)
        assert await _closing(second) == (serial.ENDED, "")
        await second.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())


def test_who_takes_over_is_named_also_when_the_end_is_seen_first(
    instance: Instance, alice: User, max_: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    alices, maxs = _session(alice), _session(max_)
    taken_over = serial.Serial.taken_over

    async def late(terminal: serial.Serial, event: dict[str, Any]) -> None:
        terminal.console.close()  # libvirt's end of it comes a moment later, or much later
        await asyncio.sleep(0.2)
        await taken_over(terminal, event)

    monkeypatch.setattr(serial.Serial, "taken_over", late)

    async def story() -> None:
        first = await _open(instance, alice, alices)
        await asyncio.to_thread(wait_until, AuditEvent.objects.exists, "the console to open")
        second = await _open(instance, max_, maxs)
        assert await _closing(first) == (serial.TAKEN_OVER, "max")
        for terminal in (first, second):
            await terminal.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())


@pytest.mark.parametrize("what", ["session", "role", "user", "password", "project", "instance", "moved"])
def test_what_is_taken_away_ends_it(
    what: str, instance: Instance, alice: User, blue: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five seconds. What ends by a message or with the guest is looked at seldom."""
    if what in {"session", "instance", "moved"}:
        monkeypatch.setattr(serial, "CHECK_SECONDS", 0.3)
    session = _session(alice)
    take: dict[str, tuple[Callable[[], Any], int]] = {
        "session": (session.flush, serial.SIGNED_OUT),
        "role": (Assignment.objects.filter(user=alice).delete, serial.FORBIDDEN),
        "user": (lambda: users.update(system_context(), alice.id, {"enabled": False}), serial.SIGNED_OUT),
        "password": (lambda: users.set_own_password(alice, "another horse 2 battery"), serial.SIGNED_OUT),
        "project": (
            lambda: projects.update(system_context(), blue.id, {"enabled": False}),
            serial.FORBIDDEN,
        ),
        "instance": (lambda: Instance.objects.update(vm_state=VmState.DELETED), serial.NOT_FOUND),
        "moved": (lambda: Instance.objects.update(hypervisor=HypervisorFactory()), serial.NOT_FOUND),
    }
    away, code = take[what]

    async def story() -> None:
        terminal = await _open(instance, alice, session)
        await asyncio.to_thread(wait_until, AuditEvent.objects.exists, "the console to open")
        await asyncio.to_thread(away)
        assert (await _closing(terminal))[0] == code
        await terminal.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())


@pytest.mark.parametrize(
    ("who", "state", "code"),
    [
        ("bob", VmState.ACTIVE, serial.NOT_FOUND),
        ("ruth", VmState.ACTIVE, serial.FORBIDDEN),
        ("alice", VmState.STOPPED, serial.NOT_RUNNING),
        ("alice", VmState.DELETED, serial.NOT_FOUND),
    ],
)
def test_refusals_say_why(
    who: str, state: VmState, code: int, host: Hypervisor, blue: Project, alice: User, bob: User, ruth: User
) -> None:
    instance = InstanceFactory(project=blue, hypervisor=host, vm_state=state)
    user = {"alice": alice, "bob": bob, "ruth": ruth}[who]
    session = _session(user)

    async def story() -> None:
        terminal = await _open(instance, user, session)
        assert (await _closing(terminal))[0] == code
        await terminal.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())


def test_a_guest_of_another_host_is_not_found_here(host: Hypervisor, blue: Project, alice: User) -> None:
    instance = InstanceFactory(project=blue, hypervisor=HypervisorFactory())
    session = _session(alice)

    async def story() -> None:
        terminal = await _open(instance, alice, session)
        assert (await _closing(terminal))[0] == serial.NOT_FOUND
        await terminal.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())


def _session(user: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = user.pk
    session[BACKEND_SESSION_KEY] = "accounts.authentication.PasswordBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


async def _open(instance: Instance, user: User, session: SessionStore) -> ApplicationCommunicator:
    scope = {"type": "websocket", "path": consoles.serial_path(instance), "headers": []}
    terminal = ApplicationCommunicator(URLRouter(websockets), scope | {"user": user, "session": session})
    await terminal.send_input({"type": "websocket.connect"})
    assert (await terminal.receive_output(5))["type"] == "websocket.accept"
    return terminal


@pytest.mark.parametrize(
    ("frame", "code"),
    [({"bytes": bytes(70_000)}, serial.TOO_LONG), ({"text": "x" * 70_000}, serial.TOO_LONG)],
)
def test_what_is_too_long_ends_with_its_reason(
    frame: dict[str, Any], code: int, instance: Instance, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    session = _session(alice)

    async def story() -> None:
        terminal = await _open(instance, alice, session)
        await terminal.send_input({"type": "websocket.receive"} | frame)
        assert await _closing(terminal) == (code, "At most 64 KiB at a time.")
        await terminal.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "frame", [{"bytes": b"\xff\xfe\x00"}, {"text": "\u202e"}, {"text": ""}, {"bytes": b""}]
)
def test_whatever_is_typed_goes_to_the_guest(frame: dict[str, Any], instance: Instance, alice: User) -> None:
    """Bytes have no wrong ones."""
    session = _session(alice)

    async def story() -> None:
        terminal = await _open(instance, alice, session)
        await asyncio.to_thread(wait_until, AuditEvent.objects.exists, "the console to open")
        await asyncio.sleep(0.2)
        await terminal.send_input({"type": "websocket.receive"} | frame)
        message = await terminal.receive_output(5)
        while message["type"] != "websocket.send" or not message.get("text"):
            message = await terminal.receive_output(5)
        await terminal.send_input({"type": "websocket.disconnect", "code": 1000})

    asyncio.run(story())


@pytest.mark.parametrize(
    "origin", [b"http://evil.example", b"http://localhost:1.evil.example", b"\xff", None]
)
def test_foreign_pages_reach_no_terminal(origin: bytes | None, instance: Instance) -> None:
    headers = [(b"origin", origin)] if origin is not None else []

    async def story() -> None:
        scope = {"type": "websocket", "path": consoles.serial_path(instance), "headers": headers}
        terminal = ApplicationCommunicator(application, scope | {"query_string": b"", "subprotocols": []})
        await terminal.send_input({"type": "websocket.connect"})
        assert (await terminal.receive_output(5))["type"] == "websocket.close"

    asyncio.run(story())


async def _type(terminal: ApplicationCommunicator, typed: bytes) -> None:
    await terminal.send_input({"type": "websocket.receive", "bytes": typed})


async def _wait_for_shell(terminal: ApplicationCommunicator) -> None:
    """Ask until the shell answers: what it says by itself may have been said before the console was open."""

    async def keep_asking() -> None:
        while True:
            await _type(terminal, b"echo ready $((40+2))\n")
            await asyncio.sleep(2)

    asking = asyncio.create_task(keep_asking())
    try:
        await _hear(terminal, b"ready 42", BOOT_SECONDS)
    finally:
        asking.cancel()


async def _hear(terminal: ApplicationCommunicator, wanted: bytes, seconds: float = 20) -> None:
    async def listen() -> None:
        heard = b""
        while wanted not in heard:
            # Text frames tell what was typed.
            heard += (await terminal.receive_output(seconds)).get("bytes") or b""

    await asyncio.wait_for(listen(), seconds)


async def _closing(terminal: ApplicationCommunicator) -> tuple[int, str]:
    """The code and reason with which it ends; what is heard until then is skipped."""
    while True:
        message = await terminal.receive_output(5)
        if message["type"] == "websocket.close":
            return message["code"], message.get("reason") or ""
