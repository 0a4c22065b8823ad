"""Guessing gets slower and slower, from wherever; and strangers do not lock out whoever was here before."""

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.errors import LockedOut
from accounts.models import AuditEvent, Domain, FailedAttempts, User
from accounts.services import lockouts
from tests import factories
from tests.codes import code, give_second_factor, wrong_code

PASSWORD = "correct horse battery"
OTHER = "another good one"


@pytest.fixture(autouse=True)
def ann(db: None, settings: LazySettings) -> User:
    settings.SIGN_IN_FAILURES = 3
    user: User = factories.UserFactory(name="ann", password=make_password(PASSWORD))
    factories.AssignmentFactory(user=user)
    return user


@pytest.fixture
def namesake(ann: User) -> User:
    """Another ann, of another domain."""
    domain = factories.DomainFactory(id="elsewhere", name="Elsewhere")
    user: User = factories.UserFactory(name="ann", domain=domain, password=make_password(OTHER))
    factories.AssignmentFactory(user=user)
    return user


def page(password: str, *, address: str = "192.0.2.1", browser: Client | None = None) -> int:
    """The status of a sign-in by the page."""
    fields = {"name": "ann", "password": password}
    return (browser or Client()).post("/sign-in/", fields, REMOTE_ADDR=address).status_code


def api(password: str, *, domain: str = "default", address: str = "192.0.2.1", **codes: Any) -> HttpResponse:
    """A sign-in by the API, with a one-time code if one is given."""
    user = {"name": "ann", "domain": {"id": domain}}
    identity: dict[str, Any] = {"methods": ["password"], "password": {"user": user | {"password": password}}}
    if codes:
        identity["methods"].append("totp")
        identity["totp"] = {"user": user | codes}
    body = json.dumps({"auth": {"identity": identity}})
    address_fields = {"REMOTE_ADDR": address}
    return Client().post("/identity/v3/auth/tokens", body, content_type="application/json", **address_fields)


def guess(times: int = 3) -> None:
    """From another address each time."""
    for number in range(times):
        api("wrong", address=f"198.51.100.{number}")


def pass_time(wait: timedelta) -> None:
    for row in FailedAttempts.objects.all():
        row.last_at -= wait
        row.locked_until = row.locked_until and row.locked_until - wait
        row.save()


def test_it_does_not_matter_where_guesses_come_from() -> None:
    guess()
    assert page(PASSWORD, address="203.0.113.9") == 429
    assert api(PASSWORD, address="203.0.113.9").status_code == 401
    (event,) = AuditEvent.objects.filter(action="user.lock")
    assert (event.target_name, event.address) == ("ann", "198.51.100.2")


def test_codes_count_like_passwords(ann: User) -> None:
    give_second_factor(ann)
    for number in range(3):
        api(PASSWORD, address=f"198.51.100.{number}", passcode=wrong_code())
    assert api(PASSWORD, passcode=code()).status_code == 401


def test_each_further_failure_doubles_the_wait(ann: User) -> None:
    guess()
    waits = []
    for _time in range(9):
        row = FailedAttempts.objects.get()
        assert row.locked_until
        waits.append(row.locked_until - row.last_at)
        pass_time(waits[-1])
        guess(1)
    assert waits[0] == lockouts.FIRST_WAIT
    assert waits[-1] == lockouts.LONGEST_WAIT
    assert all(later == min(2 * wait, lockouts.LONGEST_WAIT) for wait, later in pairwise(waits))


def test_while_one_waits_nothing_is_tried_and_nothing_counts(ann: User) -> None:
    guess()
    before = FailedAttempts.objects.values().get()
    assert page(PASSWORD) == page("wrong") == 429
    assert FailedAttempts.objects.values().get() == before
    pass_time(lockouts.FIRST_WAIT)
    assert page(PASSWORD) == 302


def test_failures_are_forgotten_after_a_day(ann: User) -> None:
    guess(2)
    pass_time(lockouts.MEMORY + timedelta(seconds=1))
    guess(2)
    assert FailedAttempts.objects.get().count == 2


def test_who_is_not_there_is_locked_like_anybody() -> None:
    User.objects.all().delete()
    guess()
    assert page(PASSWORD) == 429
    assert FailedAttempts.objects.get().count == 3


@pytest.mark.parametrize("way", ["page", "api"])
def test_the_success_of_a_namesake_forgives_nothing(namesake: User, way: str) -> None:
    """Nor does their failure count."""
    guess(2)
    assert api(OTHER, domain="elsewhere").status_code == 201
    for _time in range(2):
        api("wrong", domain="elsewhere")
    guess(1)
    assert (page(PASSWORD) if way == "page" else api(PASSWORD).status_code) in (401, 429)
    assert api(OTHER, domain="elsewhere").status_code == 201


def test_a_known_browser_is_not_locked_out_by_strangers() -> None:
    browser = Client()
    assert page(PASSWORD, browser=browser) == 302
    browser.post("/sign-out/")
    guess()
    assert page(PASSWORD, address="203.0.113.9") == 429
    assert page(PASSWORD, browser=browser, address="203.0.113.9") == 302
    # Nor does it open the door to the strangers again.
    assert page(PASSWORD, address="203.0.113.8") == 429


def test_a_known_address_is_not_locked_out_by_strangers() -> None:
    assert api(PASSWORD, address="192.0.2.7").status_code == 201
    guess()
    assert api(PASSWORD, address="192.0.2.8").status_code == 401
    assert api(PASSWORD, address="192.0.2.7").status_code == 201


def test_what_is_known_has_to_wait_too_for_its_own_failures() -> None:
    browser = Client()
    assert page(PASSWORD, browser=browser) == 302
    browser.post("/sign-out/")
    for _time in range(3):
        page("wrong", browser=browser)
    assert page(PASSWORD, browser=browser) == 429
    assert page(PASSWORD, address="203.0.113.9") == 302


def test_the_cookie_of_one_user_is_nothing_for_another(ann: User, namesake: User) -> None:
    """Whoever signs in as themselves does not get more guesses at others by it, nor by a cookie of their own making."""
    bob = factories.UserFactory(name="bob", password=make_password(PASSWORD))
    browser = Client()
    browser.post("/sign-in/", {"name": bob.name, "password": PASSWORD})
    browser.post("/sign-out/")
    assert lockouts.COOKIE in browser.cookies
    guess()
    assert page(PASSWORD, browser=browser, address="203.0.113.9") == 429
    browser.cookies[lockouts.COOKIE] = '["default", "ann", "00"]'
    assert page(PASSWORD, browser=browser, address="203.0.113.9") == 429


def test_the_cookie_is_hidden_from_scripts_and_kept_for_a_while() -> None:
    browser = Client()
    page(PASSWORD, browser=browser)
    cookie = browser.cookies[lockouts.COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == lockouts.KNOWN.total_seconds()


@pytest.mark.parametrize(
    ("domain", "name"), [("default", ""), ("default", "\0"), ("x" * 65, "ann"), ("\0", "ann")]
)
def test_what_names_nobody_is_counted_nowhere(domain: str, name: str) -> None:
    request = RequestFactory().post("/")
    lockouts.refuse_locked(request, domain, name)
    lockouts.record_failure(request, domain, name)
    assert not FailedAttempts.objects.exists()


def test_the_error_says_how_long(ann: User) -> None:
    until = timezone.now() + timedelta(minutes=30)
    FailedAttempts.objects.create(name="ann", domain=Domain.DEFAULT_ID, count=9, locked_until=until)
    with pytest.raises(LockedOut, match="Wait 30 minutes") as caught:
        lockouts.refuse_locked(RequestFactory().post("/"), Domain.DEFAULT_ID, "ann")
    assert 1790 < caught.value.seconds <= 1800
