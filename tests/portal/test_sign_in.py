"""The door: where it leads, what it gives away, what it leaves behind."""

import re
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from accounts.models import AuditEvent, User
from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def ann(db: None) -> User:
    """Someone with a password but no role."""
    return factories.UserFactory.create(name="ann", password=make_password(PASSWORD))


def sign_in(client: Client, name: str, password: str, to: str = "") -> Any:
    return client.post("/sign-in/", {"name": name, "password": password, "next": to})


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/instances/?status=error", "/instances/?status=error"),
        ("", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example", "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(client: Client, wanted: str, leads_to: str) -> None:
    assert sign_in(client, "ann", PASSWORD, wanted).headers["Location"] == leads_to


def test_unknown_names_and_wrong_passwords_look_alike(client: Client) -> None:
    wrong = sign_in(client, "ann", "wrong").content.decode()
    unknown = sign_in(Client(), "nobody", "wrong").content.decode()
    assert without_secrets(wrong, "ann") == without_secrets(unknown, "nobody")


def test_strangers_leave_no_session_behind() -> None:
    for number in range(50):
        stranger = Client()
        assert stranger.get(f"/instances/?page={number}").status_code == 302
        assert stranger.get(f"/sign-in/?next=/{number}").status_code == 200
    assert Session.objects.count() == 0


def test_every_answer_is_named_and_guarded(client: Client) -> None:
    headers = client.get("/sign-in/").headers
    assert headers["x-openstack-request-id"].startswith("req-")
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_pages_hold_no_inline_code(client: Client) -> None:
    sign_in(client, "ann", PASSWORD)
    text = client.get("/").content.decode()
    assert " style=" not in text
    assert " onclick=" not in text


def test_a_session_that_ended_takes_the_page_along_not_a_region(client: Client) -> None:
    answer = client.get("/instances/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in/")
    assert client.get("/palette/", headers={"Accept": "application/json"}).status_code == 401


@override_settings(SIGN_IN_FAILURES=3)
def test_guessing_is_locked_out_with_a_page_that_says_how_long(client: Client) -> None:
    for _attempt in range(3):
        answer = sign_in(client, "ann", "wrong")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert "Wait 1 minute, then try again." in answer.content.decode()
    assert sign_in(client, "ann", PASSWORD).status_code == 429
    assert sign_in(client, "bob", "wrong").status_code == 401
    (line,) = AuditEvent.objects.all()
    assert (line.action, line.target_name, line.address) == ("user.lock", "ann", "127.0.0.1")


def test_who_came_in_stands_in_the_audit_log(client: Client, ann: User) -> None:
    answer = sign_in(client, "ann", PASSWORD)
    (line,) = AuditEvent.objects.all()
    assert (line.action, line.user_id, line.target_id, line.address) == (
        "session.begin",
        ann.id,
        ann.id,
        "127.0.0.1",
    )
    assert line.request_id == answer.headers["x-openstack-request-id"]


def test_a_browser_without_cookies_is_told_so() -> None:
    answer = sign_in(Client(enforce_csrf_checks=True), "ann", PASSWORD)
    assert answer.status_code == 403
    assert "cookies are blocked" in answer.content.decode()


def test_the_forms_of_other_tabs_are_too_old_after_a_sign_in(ann: User) -> None:
    """Who sends one goes on where it would have led. After signing out again it begins anew."""
    browser = Client(enforce_csrf_checks=True)
    address = "/sign-in/?next=/account/"
    tokens = [_token(browser.get(address)) for _tab in range(3)]
    form = {"name": "ann", "password": PASSWORD, "next": "/account/"}
    first = browser.post(address, form | {"csrfmiddlewaretoken": tokens[0]})
    assert (first.status_code, first.headers["Location"]) == (302, "/account/")
    second = browser.post(address, form | {"csrfmiddlewaretoken": tokens[1]})
    assert (second.status_code, second.headers["Location"]) == (302, "/account/")
    page = browser.get("/account/")
    assert "You are signed in as ann already." in page.content.decode()
    browser.post("/sign-out/", {"csrfmiddlewaretoken": _token(page)})
    third = browser.post(address, form | {"csrfmiddlewaretoken": tokens[2]})
    assert (third.status_code, third.headers["Location"]) == (302, "/sign-in/?next=%2Faccount%2F")
    again = browser.get(third.headers["Location"])
    assert "open for too long" in again.content.decode()
    done = browser.post(address, form | {"csrfmiddlewaretoken": _token(again)})
    assert done.headers["Location"] == "/account/"


def _token(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found
    return found[1]


def test_a_region_of_a_page_whose_session_has_ended_leads_back_to_the_page(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost:8000/instances/launch/?image=1"}
    answer = client.post("/instances/launch/preview/", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in/?next=%2Finstances%2Flaunch%2F%3Fimage%3D1"
    assert client.get("/instances/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/sign-in/"


def without_secrets(text: str, name: str) -> str:
    """The page without the form's token, the nonce and the name that was typed."""
    return re.sub(r'[A-Za-z0-9]{64}|nonce="[^"]*"', "", text).replace(f'value="{name}"', "")
