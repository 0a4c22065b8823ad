"""The live connection, as open as its session is."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import socket_sessions
from accounts.context import for_user, system_context
from accounts.models import Assignment, Project, QuotaRequest, User, UserSession
from accounts.services import projects, sessions, users
from compute.engine.services import background_loop
from compute.hosts.models import Hypervisor
from compute.hosts.services import liveness
from portal.asgi import application
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _layer_in_memory(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer in memory. It wakes nobody in another thread, so whoever sends waits until it is sent."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    start = background_loop.start
    monkeypatch.setattr(background_loop, "start", lambda coroutine: start(coroutine).result())


class Socket(ApplicationCommunicator):
    """A browser's websocket, without a network."""

    async def connect(self) -> bool:
        """Whether it was let in."""
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output())["type"] == "websocket.accept")

    async def topics(self) -> list[str]:
        """What it hears next."""
        return list(json.loads((await self.receive_output())["text"])["topics"])

    async def news(self) -> list[str]:
        """What it hears next, beyond that the connection lives."""
        while not (topics := await self.topics()):
            pass
        return topics

    async def close_code(self) -> int:
        return int((await self.receive_output())["code"])


def live(key: str, origin: str | None = settings.PUBLIC_URL, query: str = "") -> Socket:
    headers = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())]
    headers += [(b"origin", origin.encode())] if origin else []
    scope = {
        "type": "websocket",
        "path": "/ws/live/",
        "query_string": query.encode(),
        "headers": headers,
        "subprotocols": [],
    }
    return Socket(application, scope)


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return str(client.session.session_key)


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (timedelta(seconds=-5), ["refresh"]),
        (timedelta(seconds=5), []),
        ("", []),
        ("yesterday", []),
        ("2026-01-01T00:00:00", []),
    ],
)
def test_what_changed_while_the_page_was_on_its_way_is_not_missed(
    alice: User, blue: Project, since: timedelta | str, told: list[str]
) -> None:
    key = session_of(alice)
    changed_at = factories.InstanceFactory(project=blue).updated_at
    moment = since if isinstance(since, str) else (changed_at + since).isoformat()

    async def story() -> None:
        socket = live(key, query=urlencode({"since": moment}))
        assert await socket.connect()
        assert await socket.topics() == told
        await socket.wait()

    async_to_sync(story)()


@pytest.mark.parametrize("frame", [{"text": "no JSON"}, {"text": "{}"}, {"bytes": b"\xff"}, {"text": ""}])
def test_a_page_that_sends_something_is_told_not_to(
    alice: User, frame: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    key = session_of(alice)

    async def story() -> None:
        socket = live(key)
        assert await socket.connect()
        await socket.topics()
        await socket.send_input({"type": "websocket.receive"} | frame)
        closed = await socket.receive_output()
        assert (closed["type"], closed["code"]) == ("websocket.close", 1003)
        assert closed["reason"]

    in_loop(story)
    assert not [record for record in caplog.records if record.exc_info], (
        "no traceback for what a browser sends"
    )


def in_loop(story: Callable[[], Awaitable[None]]) -> None:
    async_to_sync(story)()


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "https://localhost:1",
        "http://localhost:1",
        "http://localhost:8000.evil.example",
        "http://localhost:99999999",
        "http://[localhost:8000",
        "http://localhost:８０００",
        "",
        "\xff",
    ],
)
def test_foreign_origins_are_refused(origin: str | None, alice: User) -> None:
    key = session_of(alice)

    async def story() -> None:
        assert not await live(key, origin).connect()

    in_loop(story)


def test_strangers_are_sent_to_sign_in() -> None:
    async def story() -> None:
        socket = live("no-such-session")
        await socket.connect()
        assert await socket.close_code() == 4401

    in_loop(story)


def test_a_member_hears_of_their_project_only(alice: User, blue: Project, red: Project) -> None:
    key = session_of(alice)

    async def story() -> None:
        socket = live(key)
        await socket.connect()
        assert await socket.topics() == []
        layer = get_channel_layer()
        await layer.group_send(f"project.{red.id}", {"type": "changed", "topics": ["red"]})
        await layer.group_send("all", {"type": "changed", "topics": ["all"]})
        await layer.group_send(f"project.{blue.id}", {"type": "changed", "topics": ["blue"]})
        assert await socket.topics() == ["blue"]
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()

    in_loop(story)


def test_everybody_hears_of_a_host_that_goes_away_and_of_nothing_while_it_stays(alice: User) -> None:
    host = factories.HypervisorFactory(state=Hypervisor.State.UP)
    key = session_of(alice)

    async def story() -> None:
        socket = live(key)
        await socket.connect()
        assert await socket.topics() == []
        for away in (liveness.libvirt_is_away, lambda host, _reason: liveness.libvirt_answers(host)):
            await sync_to_async(away)(host, "Its libvirt daemon does not answer.")
            assert await socket.topics() == ["hosts"]
            await sync_to_async(away)(host, "Its libvirt daemon does not answer.")
            assert await socket.receive_nothing(0.2)
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()

    in_loop(story)


def test_signing_out_ends_the_connection(alice: User) -> None:
    key = session_of(alice)

    async def story() -> None:
        socket = live(key)
        await socket.connect()
        await socket.topics()
        await get_channel_layer().group_send(socket_sessions.group_of(key), {"type": "signed.out"})
        assert await socket.close_code() == 4401

    in_loop(story)


@pytest.mark.parametrize("how", ["one", "everywhere", "disabled"])
def test_a_session_that_is_ended_elsewhere_closes_at_once(how: str, alice: User, root: User) -> None:
    key = session_of(alice)
    as_alice, as_root = for_user(alice, None), for_user(root, None)

    def end() -> None:
        match how:
            case "one":
                sessions.end(as_alice, alice.id, UserSession.objects.get(session=key).id)
            case "everywhere":
                sessions.end_everywhere(as_alice, alice.id)
            case _:
                users.update(as_root, alice.id, {"enabled": False})

    async def story() -> None:
        socket = live(key)
        await socket.connect()
        await socket.topics()
        await sync_to_async(end)()
        assert await socket.close_code() == 4401

    in_loop(story)


@pytest.mark.parametrize("loss", ["disabled", "role", "password", "project"])
def test_a_lost_right_counts_long_before_the_next_check(loss: str, alice: User, blue: Project) -> None:
    """Within five seconds."""
    key = session_of(alice)

    def lose() -> None:
        match loss:
            case "disabled":
                User.objects.filter(pk=alice.pk).update(enabled=False)
            case "password":
                alice.set_password("another one entirely")
                alice.save()
            case "role":
                Assignment.objects.filter(user=alice).delete()
            case "project":
                projects.update(system_context(), blue.id, {"enabled": False})

    async def story() -> None:
        socket = live(key)
        await socket.connect()
        await socket.topics()
        await sync_to_async(lose)()
        message = await socket.receive_output(5)
        if loss in {"role", "project"}:
            assert json.loads(message["text"])["topics"] == ["refresh"]
        else:
            assert message["code"] == 4401

    in_loop(story)


@pytest.mark.parametrize("loss", ["session", "disabled", "nothing", "role", "request", "host"])
def test_the_check_ends_or_repairs(
    loss: str, alice: User, blue: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lost the right goes; who missed a message is told to ask again; else nothing is said."""
    monkeypatch.setattr("portal.consumers.live.CHECK_SECONDS", 0.05)
    key = session_of(alice)
    factories.HypervisorFactory(state=Hypervisor.State.UP)

    def lose() -> None:
        match loss:
            case "session":
                Session.objects.all().delete()
            case "disabled":
                User.objects.filter(pk=alice.pk).update(enabled=False)
            case "role":
                Assignment.objects.filter(user=alice).delete()
                factories.InstanceFactory(project=blue)
            case "request":
                QuotaRequest.objects.create(project=blue, resource="cores", limit=30)
            case "host":
                Hypervisor.objects.update(state=Hypervisor.State.UNREACHABLE)
            case _:
                factories.InstanceFactory(project=blue)

    async def story() -> None:
        socket = live(key)
        await socket.connect()
        await socket.topics()
        await sync_to_async(lose)()
        if loss in {"session", "disabled"}:
            assert await socket.close_code() == 4401
        else:
            assert await socket.news() == ["refresh"]
            assert await socket.topics() == [], "it says that it lives"
            await get_channel_layer().group_send(
                f"project.{blue.id}", {"type": "changed", "topics": ["blue"]}
            )
            heard = [await socket.topics() for _check in range(4)]
            assert (["blue"] in heard) == (loss != "role")
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()

    in_loop(story)
