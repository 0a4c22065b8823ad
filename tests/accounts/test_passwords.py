"""Passwords: how long they last, that old ones stay old, and what ends with them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils import timezone

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.models import PastPassword, Token, User
from accounts.services import invitations, passwords, tokens, users
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api.identity_calls import Api

PASSWORDS = [f"correct horse battery {number}" for number in range(5)]


@pytest.fixture
def ann(db: None) -> User:
    return factories.UserFactory(
        name="ann",
        password=make_password(PASSWORDS[0]),
        password_changed_at=timezone.now() - timedelta(days=30, seconds=1),
    )


def choose(user: User, password: str) -> None:
    users.set_own_password(user, password)


def by_password(password: str = PASSWORDS[0]) -> Any:
    whom = {"name": "ann", "domain": {"id": "default"}, "password": password}
    return Api().post("auth/tokens", auth={"identity": {"methods": ["password"], "password": {"user": whom}}})


def test_the_present_password_is_no_new_one(ann: User) -> None:
    with pytest.raises(BadInput, match="cannot be used") as refused:
        choose(ann, PASSWORDS[0])
    assert "other than the present one" in refused.value.fields["password"]
    choose(ann, PASSWORDS[1])
    choose(ann, PASSWORDS[0])


@override_settings(PASSWORD_HISTORY=3)
def test_the_last_three_stay_old(ann: User) -> None:
    choose(ann, PASSWORDS[1])
    choose(ann, PASSWORDS[2])
    for number in range(3):
        with pytest.raises(BadInput):
            choose(ann, PASSWORDS[number])
    choose(ann, PASSWORDS[3])
    choose(ann, PASSWORDS[0])
    assert PastPassword.objects.count() == 3


@override_settings(PASSWORD_HISTORY=0)
def test_without_history_nothing_is_kept(ann: User) -> None:
    choose(ann, PASSWORDS[0])
    assert PastPassword.objects.count() == 0


@override_settings(PASSWORD_HISTORY=3)
def test_administrators_may_set_an_old_one(ann: User, as_root: Context) -> None:
    users.update(as_root, ann.id, {"password": PASSWORDS[0]})


@pytest.mark.parametrize("password", ["short", "1234567890123", "password123", "", None, 12, "x\0" * 9])
def test_one_rule_for_page_and_api(ann: User, as_root: Context, password: object) -> None:
    with pytest.raises(BadInput) as own:
        users.set_own_password(ann, password)
    assert set(own.value.fields) == {"password"}
    if password:
        with pytest.raises(BadInput):
            users.create(as_root, {"name": "new", "password": password})


def test_a_new_password_ends_tokens_links_and_other_sessions(ann: User, as_root: Context) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(ann, backend="accounts.authentication.PasswordBackend")
    text = tokens.issue(ann, ["password"], Scope()).text
    link = invitations.reset(as_root, ann.id).address
    assert link
    users.set_own_password(ann, PASSWORDS[1], keep_session=str(here.session.session_key))
    assert tokens.check(text) is None
    assert Token.objects.count() == 0
    assert [session.session_key for session in Session.objects.all()] == [here.session.session_key]
    with pytest.raises(NotFound):
        invitations.find(link.rstrip("/").rpartition("/")[2])


def test_passwords_last_for_ever_unless_told(ann: User) -> None:
    assert passwords.expires_at(ann) is None
    assert not passwords.has_expired(ann)


@override_settings(PASSWORD_DAYS=30)
def test_an_expired_password_opens_no_api(ann: User) -> None:
    answer = by_password()
    assert answer.status_code == 401
    assert f"needs to be changed for user: {ann.id}" in answer.content.decode()
    wrong = by_password("wrong")
    assert wrong.status_code == 401
    assert "expired" not in wrong.content.decode()


@override_settings(PASSWORD_DAYS=30)
def test_an_expired_password_is_changed_by_the_api(ann: User) -> None:
    change = {"original_password": PASSWORDS[0], "password": PASSWORDS[1]}
    assert Api().post(f"users/{ann.id}/password", user=change).status_code == 204
    assert by_password(PASSWORDS[1]).status_code == 201


@override_settings(PASSWORD_DAYS=31)
def test_the_api_says_when_it_expires(ann: User) -> None:
    ends = (ann.password_changed_at + timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    assert by_password().json()["token"]["user"]["password_expires_at"] == ends


@override_settings(PASSWORD_DAYS=30)
def test_who_has_no_password_has_none_that_expires(db: None) -> None:
    robot = factories.UserFactory(password_changed_at=timezone.now() - timedelta(days=99))
    assert not passwords.has_expired(robot)


@override_settings(SIGN_IN_FAILURES=3)
def test_changing_it_right_forgives_wrong_attempts(ann: User) -> None:
    for number in range(3):
        for _attempt in range(2):
            body = {"original_password": "wrong", "password": PASSWORDS[4]}
            assert Api().post(f"users/{ann.id}/password", user=body).status_code == 401
        body = {"original_password": PASSWORDS[number], "password": PASSWORDS[number + 1]}
        assert Api().post(f"users/{ann.id}/password", user=body).status_code == 204
