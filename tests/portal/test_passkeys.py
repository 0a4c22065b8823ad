"""Passkeys: made by whoever is signed in, and each answer opens once."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Passkey, User
from accounts.services import passkeys
from accounts.services.passkeys import RelyingParty
from tests.authenticator import Authenticator
from tests.codes import give_second_factor

ORIGIN = "http://localhost"


def browser() -> Client:
    return Client(SERVER_NAME="localhost", headers={"accept": "application/json"})


@pytest.fixture
def client(alice: User) -> Client:
    """Alice's browser, at a name that may have passkeys."""
    client = browser()
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    return client


def add(client: Client, device: Authenticator) -> Any:
    asked: Any = client.post("/account/passkeys/ask/").json()
    return client.post(
        "/account/passkeys/add/", {"ticket": asked["ticket"], "answer": device.make(asked["options"])}
    )


def sign_in(device: Authenticator, stranger: Client | None = None) -> Any:
    stranger = stranger or browser()
    asked: Any = stranger.post("/sign-in/passkey/ask/").json()
    fields = {"ticket": asked["ticket"], "answer": device.sign(asked["options"]), "next": "/keypairs/"}
    return stranger.post("/sign-in/passkey/", fields)


@pytest.fixture
def device(client: Client) -> Authenticator:
    """Alice's, with a passkey."""
    device = Authenticator(ORIGIN)
    assert add(client, device).status_code == 201
    return device


def test_a_passkey_opens_without_password_and_code(device: Authenticator, alice: User) -> None:
    give_second_factor(alice)
    stranger = browser()
    answer = sign_in(device, stranger)
    assert answer.json() == {"to": "/keypairs/"}
    assert stranger.get("/account/").context["request"].user == alice
    assert sign_in(device).status_code == 200, "and again"


def test_each_answer_counts_once(device: Authenticator) -> None:
    stranger = browser()
    asked: Any = stranger.post("/sign-in/passkey/ask/").json()
    fields = {"ticket": asked["ticket"], "answer": device.sign(asked["options"])}
    assert stranger.post("/sign-in/passkey/", fields).status_code == 200
    assert browser().post("/sign-in/passkey/", fields).status_code == 401


@pytest.mark.parametrize("wrong", ["origin", "unverified", "key", "challenge"])
def test_what_is_signed_wrongly_opens_nothing(device: Authenticator, wrong: str) -> None:
    sessions = Session.objects.count()
    match wrong:
        case "origin":
            device.origin = "https://evil.example"
        case "unverified":
            device.flags = 1
        case "key":
            device.key = Authenticator(ORIGIN).key
    stranger = browser()
    asked: Any = stranger.post("/sign-in/passkey/ask/").json()
    if wrong == "challenge":
        asked["options"]["challenge"] = "AAAA"
    fields = {"ticket": asked["ticket"], "answer": device.sign(asked["options"])}
    assert stranger.post("/sign-in/passkey/", fields).status_code == 401
    assert Session.objects.count() == sessions


@pytest.mark.parametrize("answer", ["", "{}", "x", "[1]", "null", '{"id": 1}', "x" * 30_000])
@pytest.mark.parametrize("ticket", ["", "x:y:z", None])
def test_what_is_no_answer(db: None, answer: str, ticket: str | None) -> None:
    stranger = browser()
    ticket = stranger.post("/sign-in/passkey/ask/").json()["ticket"] if ticket is None else ticket
    assert stranger.post("/sign-in/passkey/", {"ticket": ticket, "answer": answer}).status_code == 401
    assert Session.objects.count() == 0


def test_unknown_devices_and_those_of_disabled_users(device: Authenticator, alice: User) -> None:
    assert sign_in(Authenticator(ORIGIN)).status_code == 401
    User.objects.filter(pk=alice.pk).update(enabled=False)
    assert sign_in(device).status_code == 401


@pytest.mark.parametrize("wrong", ["origin", "unverified", "ticket", "answer"])
def test_what_is_made_wrongly_is_not_kept(client: Client, wrong: str) -> None:
    device = Authenticator(
        "https://evil.example" if wrong == "origin" else ORIGIN, verifies=wrong != "unverified"
    )
    asked: Any = client.post("/account/passkeys/ask/").json()
    fields = {"ticket": asked["ticket"], "answer": device.make(asked["options"])}
    if wrong in fields:
        fields[wrong] = "x"
    assert client.post("/account/passkeys/add/", fields).status_code == 400
    assert Passkey.objects.count() == 0


def test_a_device_is_kept_once(device: Authenticator, client: Client) -> None:
    assert add(client, device).status_code == 409


def test_another_users_ticket_is_none(client: Client, bob: User) -> None:
    ticket = client.post("/account/passkeys/ask/").json()["ticket"]
    asked: Any = client.post("/account/passkeys/ask/").json()
    client.force_login(bob, backend="accounts.authentication.PasswordBackend")
    fields = {"ticket": ticket, "answer": Authenticator(ORIGIN).make(asked["options"])}
    assert client.post("/account/passkeys/add/", fields).status_code == 400


def test_one_is_deleted_by_its_owner_only(device: Authenticator, client: Client, bob: User) -> None:
    row = Passkey.objects.get()
    assert row.name in client.get("/account/").content.decode()
    other = browser()
    other.force_login(bob, backend="accounts.authentication.PasswordBackend")
    assert other.post("/account/passkeys/delete/", {"passkey": row.id}).status_code == 404
    assert client.post("/account/passkeys/delete/", {"passkey": row.id}).status_code == 302
    assert sign_in(device).status_code == 401


@pytest.mark.parametrize(
    ("host", "origin", "can"),
    [
        ("cloud.example.org", "https://cloud.example.org", True),
        ("localhost", "http://localhost:8000", True),
        ("cloud.example.org", "http://cloud.example.org", False),
        ("10.0.0.5", "https://10.0.0.5", False),
        ("[::1]", "https://[::1]", False),
    ],
)
def test_where_browsers_have_passkeys(host: str, origin: str, can: bool) -> None:
    assert RelyingParty(host=host, origin=origin).can_have_passkeys is can


def test_the_button_is_offered_only_there(db: None) -> None:
    assert "data-passkeys" in Client(SERVER_NAME="localhost").get("/sign-in/").content.decode()
    assert "data-passkeys" not in Client(SERVER_NAME="127.0.0.1").get("/sign-in/").content.decode()


def test_there_is_a_most(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST", 1)
    assert add(client, Authenticator(ORIGIN)).status_code == 201
    assert add(client, Authenticator(ORIGIN)).status_code == 409
