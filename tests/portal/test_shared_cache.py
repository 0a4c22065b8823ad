"""The cache that processes share, with Redis, without it, and with one that hangs."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User, UserSession
from accounts.services import sessions
from portal import shared_cache
from tests.redis_server import running as redis_running

SESSIONS = 5000


@pytest.fixture(autouse=True)
def breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory of what other tests did to Redis."""
    monkeypatch.setattr(shared_cache, "_redis", shared_cache.Breaker(seconds=5))


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis that a test may freeze and kill."""
    with redis_running(tmp_path / "redis.sock") as server:
        yield server


def cache_at(server: str) -> shared_cache.SharedCache:
    return shared_cache.SharedCache(server, {"KEY_PREFIX": "test"})


def test_what_one_process_keeps_another_finds(own_redis: subprocess.Popen[bytes], tmp_path: Path) -> None:
    here, there = (cache_at(f"unix://{tmp_path}/redis.sock") for _ in range(2))
    here.set("picture", b"\x89PNG", 60)
    assert there.get("picture") == b"\x89PNG"
    assert there.add("picture", b"other", 60) is False
    assert there.delete("picture") is True
    assert here.get("picture") is None


def test_nothing_is_ever_unpickled(own_redis: subprocess.Popen[bytes], tmp_path: Path) -> None:
    hostile = b"\x80\x04cposix\nsystem\n."
    with redis.Redis(unix_socket_path=str(tmp_path / "redis.sock")) as client:
        client.set("test:1:key", hostile)
    assert cache_at(f"unix://{tmp_path}/redis.sock").get("key") == hostile


@pytest.mark.parametrize("blow", [signal.SIGSTOP, signal.SIGKILL])
def test_a_redis_that_is_away_knows_nothing_and_is_asked_once(
    own_redis: subprocess.Popen[bytes], tmp_path: Path, blow: signal.Signals
) -> None:
    cache = cache_at(f"unix://{tmp_path}/redis.sock")
    cache.set("key", b"value", 60)
    os.kill(own_redis.pid, blow)
    assert cache.get("key", b"nothing") == b"nothing"
    assert shared_cache._redis.is_open, "the next ones do not wait"
    cache.set("key", b"new", 60)
    assert cache.add("key", b"new", 60) is False
    assert cache.delete("key") is False


@pytest.mark.proof
@pytest.mark.parametrize("is_here", [True, False])
def test_the_second_page_of_each_of_5000_sessions_writes_nothing(
    alice: User, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, *, is_here: bool
) -> None:
    if is_here:
        request.getfixturevalue("redis_server")
    else:
        away = shared_cache.Breaker(seconds=3600)
        away.trip()
        monkeypatch.setattr(shared_cache, "_redis", away)
    expires, data = timezone.now() + timedelta(days=1), SessionStore().encode({SESSION_KEY: alice.id})
    keys = [f"session-{is_here}-{number}" for number in range(SESSIONS)]
    Session.objects.bulk_create(
        Session(session_key=key, session_data=data, expire_date=expires) for key in keys
    )
    long_ago = timezone.now() - timedelta(hours=1)
    UserSession.objects.bulk_create(UserSession(session_id=key, user=alice, seen_at=long_ago) for key in keys)
    UserSession.objects.update(seen_at=long_ago)
    first, second = (_visit_all(keys) for _ in range(2))
    assert (first, second) == (SESSIONS, 0)


def _visit_all(keys: list[str]) -> int:
    """How many rows were written."""
    asked, written = RequestFactory().get("/"), []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith("SELECT"):
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        for key in keys:
            asked.session = SessionStore(key)
            sessions.touch(asked)
    return len(written)


def test_a_second_page_writes_nothing(alice: User, redis_server: Path) -> None:
    client = Client()
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
