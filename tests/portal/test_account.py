"""My account: password and sessions; and expired passwords at the door."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User, UserSession
from portal import browsers
from tests import factories
from tests.codes import code, give_second_factor

PASSWORD, OTHER = "correct horse battery", "staple battery horse"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36"


@pytest.fixture
def ann(db: None) -> User:
    return factories.UserFactory(name="ann", password=make_password(PASSWORD))


def browser(user_agent: str = FIREFOX, password: str = PASSWORD) -> Client:
    """Signed in as ann, through the door."""
    client = Client(headers={"user-agent": user_agent})
    answer = client.post("/sign-in/", {"name": "ann", "password": password})
    assert answer.status_code == 302, answer.content
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/account/").status_code == 200)


def change(client: Client, original: str, password: str) -> Any:
    return client.post("/account/password/", {"original_password": original, "password": password})


def test_changing_the_password_leaves_this_session_only(ann: User) -> None:
    here, there = browser(), browser()
    assert change(here, PASSWORD, OTHER).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert UserSession.objects.get().session_id == here.session.session_key
    assert "this browser" in here.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("original", "password", "field"),
    [
        ("wrong", OTHER, "original_password"),
        (PASSWORD, "short", "password"),
        (PASSWORD, PASSWORD, "password"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(ann: User, original: str, password: str, field: str) -> None:
    client = browser()
    answer = change(client, original, password)
    assert answer.status_code == 400
    assert list(answer.context["password_form"].errors) == [field]
    assert is_in(client)


def test_sessions_are_listed_this_one_first_and_never_by_their_key(ann: User) -> None:
    here, there = browser(), browser(CHROME)
    text = here.get("/account/").content.decode()
    assert text.index("Firefox on Linux") < text.index("Chrome on Windows")
    for client in (here, there):
        assert str(client.session.session_key) not in text
    assert "127.0.0.1" in text


def test_one_session_is_signed_out(ann: User) -> None:
    here, there = browser(), browser(CHROME)
    row = UserSession.objects.get(session=there.session.session_key)
    answer = here.post("/account/sessions/end/", {"session": row.id}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "live:sessions" in answer.headers["HX-Trigger"]
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.post("/account/sessions/end/", {"session": row.id}).status_code == 404


def test_everywhere_is_here_too(ann: User) -> None:
    here, there = browser(), browser()
    answer = here.post("/account/sessions/end-all/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/sign-in/"
    assert not is_in(here)
    assert not is_in(there)
    assert Session.objects.count() == 0


def test_many_sessions_cost_as_many_queries_as_one(ann: User, django_assert_max_num_queries: Any) -> None:
    client = browser()
    client.get("/account/")
    for _number in range(200):
        Client().force_login(ann, backend="accounts.authentication.PasswordBackend")
    with django_assert_max_num_queries(12):
        client.get("/account/")


def test_language_and_theme_come_back_to_the_page(ann: User) -> None:
    client = browser()
    for choice in ({"language": "zh-hans"}, {"theme": "dark"}):
        assert client.post("/preferences/", choice | {"next": "/account/"}).headers["Location"] == "/account/"
    assert client.post("/preferences/", {"rows": "compact"}).status_code == 302
    assert (
        '<html lang="zh-hans" data-bs-theme="dark" data-rows="compact">' in client.get("/").content.decode()
    )
    assert client.post("/preferences/", {"rows": "tiny"}).status_code == 400
    assert client.post("/preferences/", {"theme": "dark", "next": "//evil"}).headers["Location"] == "/"


# ── Expired passwords ────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def expired(ann: User, settings: Any) -> User:
    settings.PASSWORD_DAYS = 30
    User.objects.filter(pk=ann.pk).update(password_changed_at=timezone.now() - timedelta(days=31))
    return User.objects.get(pk=ann.pk)


def test_an_expired_password_leads_to_the_change(expired: User, client: Client) -> None:
    answer = client.post("/sign-in/", {"name": "ann", "password": PASSWORD, "next": "/keypairs/"})
    assert answer.headers["Location"] == "/sign-in/password/?next=%2Fkeypairs%2F"
    assert Session.objects.count() == 0
    assert client.get(answer.headers["Location"]).status_code == 200
    for weak in ("short", PASSWORD):
        assert client.post("/sign-in/password/", {"password": weak}).status_code == 400
    done = client.post("/sign-in/password/", {"password": OTHER, "next": "/keypairs/"})
    assert done.headers["Location"] == "/keypairs/"
    assert is_in(client)


def test_the_code_comes_before_the_change(expired: User, client: Client) -> None:
    give_second_factor(expired)
    client.post("/sign-in/", {"name": "ann", "password": PASSWORD})
    early = client.post("/sign-in/password/", {"password": OTHER})
    assert early.headers["Location"] == "/sign-in/"
    assert (
        client.post("/sign-in/code/", {"code": code()}).headers["Location"].startswith("/sign-in/password/")
    )
    assert client.post("/sign-in/password/", {"password": OTHER}).headers["Location"] == "/"
    assert is_in(client)


def test_without_a_proof_nobody_changes_anything(expired: User, client: Client) -> None:
    assert client.post("/sign-in/password/", {"password": OTHER}).headers["Location"] == "/sign-in/"
    assert User.objects.get(pk=expired.pk).check_password(PASSWORD)


# ── What is left of strangers ────────────────────────────────────────────────────────────────────
def test_hundreds_of_anonymous_hits_leave_no_session(ann: User) -> None:
    for number in range(200):
        stranger = Client()
        assert stranger.get(f"/sign-in/?next=/{number}").status_code == 200
        assert stranger.post("/sign-in/", {"name": f"x{number}", "password": ""}).status_code == 401
        assert stranger.get("/account/").status_code == 302
        assert stranger.get("/sign-in/code/").status_code == 302
    assert Client().post("/sign-in/", {"name": "ann", "password": "wrong"}).status_code == 401
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("user_agent", "name", "icon"),
    [
        (FIREFOX, "Firefox on Linux", "device-desktop"),
        (CHROME, "Chrome on Windows", "device-desktop"),
        (CHROME + " Edg/139.0", "Edge on Windows", "device-desktop"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1",
            "Safari on iPhone",
            "device-mobile",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/139.0 Safari/537.36", "Chrome on Android", "device-mobile"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1", "Safari on macOS", "device-desktop"),
        ("curl/8.5.0", "curl", "device-desktop"),
        ("", "Unknown browser", "device-desktop"),
    ],
)
def test_browsers_have_names_for_people(user_agent: str, name: str, icon: str) -> None:
    assert (browsers.name(user_agent), browsers.icon(user_agent)) == (name, icon)


def test_markup_in_a_browsers_name_is_text(ann: User) -> None:
    text = browser("<script>alert(1)</script> Firefox/1").get("/account/").content.decode()
    assert not re.search(r"<script>alert", text)
