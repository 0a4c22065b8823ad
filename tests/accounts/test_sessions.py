"""Sessions: whose they are, and that they end for good."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.context import Context
from accounts.errors import Forbidden, NotFound
from accounts.models import AuditEvent, Token, User, UserSession
from accounts.services import domains, sessions, tokens, users
from accounts.services.tokens import Scope


def browser(user: User) -> Client:
    client = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}, REMOTE_ADDR="192.0.2.7")
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/account/").status_code == 200)


def test_a_session_is_noted_where_it_begins_and_goes_with_it(alice: User) -> None:
    client = browser(alice)
    row = UserSession.objects.get()
    assert (row.user, row.session_id) == (alice, client.session.session_key)
    client.post("/sign-out/")
    assert (UserSession.objects.count(), Session.objects.count()) == (0, 0)


def test_the_first_visit_after_a_while_says_from_where(alice: User) -> None:
    client = browser(alice)
    key, long_ago = client.session.session_key, timezone.now() - timedelta(seconds=sessions.TOUCH_SECONDS + 1)
    UserSession.objects.update(seen_at=long_ago, address=None)
    sessions.cache.delete(sessions._mark(key))
    client.get("/account/")
    row = UserSession.objects.get()
    assert (row.address, row.user_agent[-13:]) == ("192.0.2.7", "Firefox/140.0")
    before = row.seen_at
    client.get("/account/")
    assert UserSession.objects.get().seen_at == before, "not written at every visit"


def test_one_is_signed_out_and_the_others_stay(alice: User, as_alice: Context) -> None:
    here, there = browser(alice), browser(alice)
    row = UserSession.objects.get(session=there.session.session_key)
    sessions.end(as_alice, alice.id, row.id)
    assert (is_in(here), is_in(there)) == (True, False)
    assert AuditEvent.objects.get(action="session.end").target_id == alice.id


def test_everywhere_means_sessions_and_tokens(alice: User, bob: User, as_alice: Context) -> None:
    mine, others = [browser(alice), browser(alice)], browser(bob)
    text = tokens.issue(alice, ["password"], Scope()).text
    sessions.end_everywhere(as_alice, alice.id)
    assert [is_in(client) for client in [*mine, others]] == [False, False, True]
    assert tokens.check(text) is None
    assert Token.objects.count() == 0


def test_foreign_sessions_are_as_unknown_as_any(
    alice: User, bob: User, as_bob: Context, as_root: Context
) -> None:
    browser(alice)
    row = UserSession.objects.get()
    for user_id, error in ((bob.id, NotFound), (alice.id, Forbidden)):
        with pytest.raises(error):
            sessions.end(as_bob, user_id, row.id)
    with pytest.raises(Forbidden):
        sessions.visible_to(as_bob, alice.id)
    with pytest.raises(Forbidden):
        sessions.end_everywhere(as_bob, alice.id)
    with pytest.raises(NotFound):
        sessions.end(as_root, alice.id, "\0")
    sessions.end(as_root, alice.id, row.id)


@pytest.mark.parametrize("how", ["disable", "delete", "password", "domain"])
def test_what_ends_a_users_sessions(
    how: str, bob: User, as_root: Context, django_capture_on_commit_callbacks: Any
) -> None:
    client = browser(bob)
    key = client.session.session_key
    told: list[str] = []

    def hear(sender: object, keys: list[str], **_signal: object) -> None:
        told.extend(keys)

    sessions.ended.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        match how:
            case "disable":
                users.update(as_root, bob.id, {"enabled": False})
            case "delete":
                users.delete(as_root, bob.id)
            case "password":
                users.update(as_root, bob.id, {"password": "correct horse battery"})
            case _:
                domains.update(as_root, bob.domain_id, {"enabled": False})
    assert not Session.objects.filter(pk=key).exists()
    assert told == [key]
    assert not is_in(client)
