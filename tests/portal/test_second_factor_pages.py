"""Signing in by two steps, and the pages of the second factor."""

import re
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from accounts.models import SecondFactor, User
from tests import factories
from tests.codes import code, give_second_factor, wrong_code

PASSWORD = "correct horse battery"
CODE_PAGE = "/sign-in/code/"


@pytest.fixture
def tess(db: None) -> User:
    tess = factories.UserFactory(name="tess", password=make_password(PASSWORD))
    return give_second_factor(tess)


@pytest.fixture
def ann(db: None) -> Client:
    """Signed in, without a second factor."""
    user = factories.UserFactory(name="ann", password=make_password(PASSWORD))
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


def by_password(client: Client, name: str = "tess", to: str = "") -> Any:
    return client.post("/sign-in/", {"name": name, "password": PASSWORD, "next": to})


def by_code(client: Client, given: str, to: str = "/") -> Any:
    return client.post(CODE_PAGE, {"code": given, "next": to})


def switch_on(client: Client) -> list[str]:
    """As a person does: scan, type the code, read the recovery codes."""
    text = client.get("/account/second-factor/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7]+)<', text)
    ticket = re.search(r'name="ticket" value="([^"]+)"', text)
    assert secret
    assert ticket
    answer = client.post("/account/second-factor/", {"ticket": ticket[1], "code": code(secret[1])})
    assert answer.status_code == 200
    return re.findall(r"<li><code>([a-z0-9-]{19})</code>", answer.content.decode())


def test_the_password_alone_begins_no_session(tess: User, client: Client) -> None:
    answer = by_password(client, to="/keypairs/")
    assert answer.headers["Location"] == f"{CODE_PAGE}?next=%2Fkeypairs%2F"
    assert client.get("/keypairs/").status_code == 302
    assert client.get(answer.headers["Location"]).status_code == 200
    assert Session.objects.count() == 0
    cookie = client.cookies["sign-in"]
    assert cookie["httponly"]
    assert cookie["max-age"] == 300
    assert "tess" not in cookie.value


def test_a_code_opens_and_leads_where_one_wanted_to_go(tess: User, client: Client) -> None:
    by_password(client)
    assert by_code(client, code(), "/keypairs/").headers["Location"] == "/keypairs/"
    assert client.get("/keypairs/").status_code == 200
    assert client.cookies["sign-in"].value == ""
    assert Session.objects.count() == 1


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_both_steps_lead_to_no_other_site(tess: User, client: Client, elsewhere: str) -> None:
    assert by_password(client, to=elsewhere).headers["Location"] == f"{CODE_PAGE}?next=%2F"
    assert by_code(client, code(), elsewhere).headers["Location"] == "/"


def test_a_wrong_code_is_said_and_a_used_one_is_wrong(tess: User, client: Client) -> None:
    by_password(client)
    refused = by_code(client, wrong_code())
    assert refused.status_code == 401
    assert "does not fit" in refused.content.decode()
    shown = code()
    assert by_code(client, shown).status_code == 302
    other = Client()
    by_password(other)
    assert by_code(other, shown).status_code == 401


def test_without_the_first_step_there_is_no_second(tess: User, client: Client) -> None:
    for cookie in ("", "x", "WyJ4IiwieCIsZmFsc2Vd:x:y"):
        client.cookies["sign-in"] = cookie
        assert client.get(CODE_PAGE).headers["Location"] == "/sign-in/"
        assert by_code(client, code()).headers["Location"] == "/sign-in/"
    by_password(client)
    User.objects.filter(pk=tess.pk).update(enabled=False)
    assert by_code(client, code()).headers["Location"] == "/sign-in/"
    assert Session.objects.count() == 0


def test_the_first_step_ends_with_the_password(tess: User, client: Client) -> None:
    by_password(client)
    tess.set_password("another good one")
    tess.save()
    assert by_code(client, code()).headers["Location"] == "/sign-in/"


@override_settings(SIGN_IN_FAILURES=3)
def test_guessing_codes_is_locked_out(tess: User, client: Client) -> None:
    by_password(client)
    for _attempt in range(3):
        answer = by_code(client, wrong_code())
        by_password(client)  # the right password forgives nothing before the code is right too
    assert answer.status_code == 429
    assert by_code(client, code()).status_code == 429
    assert by_password(client).status_code == 429


def test_set_up_use_and_switch_off(ann: Client) -> None:
    codes = switch_on(ann)
    assert len(codes) == 10
    assert codes[0] not in ann.get("/account/").content.decode(), "shown once"
    other = Client()
    by_password(other, "ann")
    assert by_code(other, codes[0]).status_code == 302
    assert "9 recovery codes are left" in other.get("/account/").content.decode()
    assert ann.get("/account/second-factor/").headers["Location"] == "/account/"
    assert ann.post("/account/second-factor/off/", {"off-proof": "wrong"}).status_code == 400
    assert SecondFactor.objects.count() == 1
    assert ann.post("/account/second-factor/off/", {"off-proof": PASSWORD}).status_code == 302
    assert SecondFactor.objects.count() == 0


def test_a_wrong_code_keeps_the_same_picture(ann: Client) -> None:
    text = ann.get("/account/second-factor/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7]+)<', text)[1]
    ticket = re.search(r'name="ticket" value="([^"]+)"', text)[1]
    again = ann.post("/account/second-factor/", {"ticket": ticket, "code": wrong_code(secret)})
    assert again.status_code == 400
    assert secret in again.content.decode()
    stale = ann.post("/account/second-factor/", {"ticket": "stale", "code": code(secret)})
    assert stale.status_code == 400
    assert secret not in stale.content.decode()
    assert SecondFactor.objects.count() == 0


def test_new_recovery_codes_need_a_proof(ann: Client) -> None:
    old = switch_on(ann)
    assert ann.post("/account/recovery-codes/", {"codes-proof": ""}).status_code == 400
    answer = ann.post("/account/recovery-codes/", {"codes-proof": PASSWORD})
    new = re.findall(r"<li><code>([a-z0-9-]{19})</code>", answer.content.decode())
    assert len(new) == 10
    assert not set(old) & set(new)
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_with_a_picture_hold_no_inline_style(ann: Client) -> None:
    text = ann.get("/account/second-factor/").content.decode()
    assert "<svg" in text
    assert "style=" not in text
