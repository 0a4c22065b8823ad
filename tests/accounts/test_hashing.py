"""Passwords are hashed in turns: a flood of sign-ins is refused, and takes few threads meanwhile."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client, override_settings

from accounts import hashing
from accounts.errors import Busy
from tests.waiting import wait_until


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Hashing that lasts until the event; who asks has the address that is given as the password."""
    go_on = Event()

    def verify(self: object, password: str, encoded: str) -> bool:
        with hashing.slot():
            return go_on.wait(20)

    monkeypatch.setattr(hashing.Argon2, "verify", verify)
    with override_settings(PASSWORD_HASHERS=["accounts.hashing.Argon2"]):
        yield go_on
        go_on.set()


def test_a_flood_is_refused_and_others_get_their_turn(slow: Event) -> None:
    encoded = "argon2$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA"

    def sign_in(address: str) -> bool:
        hashing.asking_address.set(address)
        return check_password("secret", encoded, setter=None)

    with ThreadPoolExecutor(20) as threads:
        flood = [threads.submit(sign_in, "192.0.2.1") for _each in range(10)]
        wait_until(
            lambda: len(_refused(flood)) == 10 - hashing.MOST_OF_ONE_ADDRESS, "the flood to be refused"
        )
        other = threads.submit(sign_in, "192.0.2.2")
        assert not other.done()
        many = [threads.submit(sign_in, f"192.0.2.{number}") for number in range(10, 20)]
        left = hashing.MOST - hashing.MOST_OF_ONE_ADDRESS - 1
        wait_until(lambda: len(_refused(many)) == 10 - left, "too many others to be refused")
        slow.set()
        assert other.result() is True
    assert hashing._begun.total() == 0


def _refused(asked: list[Future[bool]]) -> list[Future[bool]]:
    return [each for each in asked if each.done() and isinstance(each.exception(), Busy)]


@override_settings(PASSWORD_HASHERS=["accounts.hashing.Argon2"])
def test_real_hashes_are_still_read() -> None:
    encoded = make_password("correct horse battery staple")
    assert encoded.startswith("argon2$argon2id$")
    assert check_password("correct horse battery staple", encoded)
    assert not check_password("wrong", encoded)


def test_who_is_refused_is_told_to_try_again(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.contrib.auth.hashers.make_password", _busy)
    monkeypatch.setattr("accounts.authentication.make_password", _busy)
    page = client.post("/sign-in/", {"name": "nobody", "password": "wrong"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Many are signing in" in page.content.decode()
    user = {"name": "nobody", "domain": {"id": "default"}, "password": "wrong"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    answer = client.post("/identity/v3/auth/tokens", body, content_type="application/json")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def _busy(*_arguments: object) -> str:
    raise Busy
