"""The method totp, and receipts for whoever shows one factor of two."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import override_settings

from accounts.models import ApplicationCredential, FailedAttempts, Project, User
from accounts.services import receipts
from tests import factories
from tests.accounts.api.identity_calls import Api
from tests.codes import code, give_second_factor, wrong_code

PASSWORD = "correct horse battery"
BY_NAME = {"name": "tess", "domain": {"id": "default"}}
pytestmark = pytest.mark.django_db


@pytest.fixture
def tess(blue: Project) -> User:
    """Member of blue with a password and a second factor."""
    tess = factories.UserFactory(name="tess", password=make_password(PASSWORD))
    factories.AssignmentFactory(user=tess, project=blue)
    return give_second_factor(tess)


def ask(*methods: str, passcode: object = None, receipt: str | None = None, **parts: Any) -> Any:
    identity: dict[str, Any] = {
        "methods": list(methods),
        "password": {"user": BY_NAME | {"password": PASSWORD}},
        "totp": {"user": BY_NAME | {"passcode": passcode}},
    } | parts
    headers = {} if receipt is None else {"Openstack-Auth-Receipt": receipt}
    return Api().call("POST", "auth/tokens", {"auth": {"identity": identity}}, **headers)


@pytest.mark.parametrize("methods", [("password", "totp"), ("totp", "password")])
def test_both_factors_give_a_token(tess: User, methods: tuple[str, ...]) -> None:
    answer = ask(*methods, passcode=code())
    assert answer.status_code == 201
    assert json.loads(answer.content)["token"]["methods"] == ["password", "totp"]


def test_the_user_may_be_named_by_id(tess: User) -> None:
    answer = ask("password", "totp", totp={"user": {"id": tess.id, "passcode": code()}})
    assert answer.status_code == 201


def test_the_password_alone_gets_a_receipt(tess: User) -> None:
    answer = ask("password")
    assert answer.status_code == 401
    assert "X-Subject-Token" not in answer
    assert answer["WWW-Authenticate"].startswith("Keystone uri=")
    body = json.loads(answer.content)
    assert body["required_auth_methods"] == [["password", "totp"]]
    assert body["receipt"]["methods"] == ["password"]
    assert body["receipt"]["user"] == {
        "id": tess.id,
        "name": "tess",
        "domain": {"id": "default", "name": "Default"},
    }
    assert ask("totp", passcode=code(), receipt=answer["Openstack-Auth-Receipt"]).status_code == 201


def test_a_code_alone_gets_a_receipt_too(tess: User) -> None:
    answer = ask("totp", passcode=code())
    assert answer.status_code == 401
    assert json.loads(answer.content)["receipt"]["methods"] == ["totp"]
    assert ask("password", receipt=answer["Openstack-Auth-Receipt"]).status_code == 201


def test_receipts_are_one_users_and_end(tess: User, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = ask("password")["Openstack-Auth-Receipt"]
    for wrong in ("", "x", receipt[:-1], "x" * 5000):
        assert ask("totp", passcode=code(), receipt=wrong).status_code == 401
    monkeypatch.setattr(receipts, "LIFETIME", timedelta(seconds=-1))
    assert ask("totp", passcode=code(steps=1), receipt=receipt).status_code == 401
    monkeypatch.undo()
    User.objects.get(pk=tess.pk)
    tess.set_password("another good one")
    tess.save()
    assert ask("totp", passcode=code(steps=1), receipt=receipt).status_code == 401


def test_a_receipt_of_another_user_counts_for_nothing(tess: User) -> None:
    receipt = ask("password")["Openstack-Auth-Receipt"]
    other = give_second_factor(factories.UserFactory(name="other"))
    answer = ask("totp", receipt=receipt, totp={"user": {"id": other.id, "passcode": code()}})
    assert answer.status_code == 401


@pytest.mark.parametrize("passcode", [None, "", 123456, "12345", "\0", ["1"]])
def test_what_is_no_code_opens_nothing(tess: User, passcode: object) -> None:
    assert ask("password", "totp", passcode=passcode).status_code == 401


def test_a_code_counts_once(tess: User) -> None:
    shown = code()
    assert ask("password", "totp", passcode=shown).status_code == 201
    assert ask("password", "totp", passcode=shown).status_code == 401


def test_codes_of_a_locked_name_are_not_tried_beside_the_password_of_another(tess: User) -> None:
    """Nor are they used up: once the lock is gone the same code opens."""
    factories.UserFactory(name="ann", password=make_password(PASSWORD))
    anns = {"user": BY_NAME | {"name": "ann", "password": PASSWORD}}
    for _attempt in range(settings.SIGN_IN_FAILURES):
        ask("totp", passcode=wrong_code())
    right = code()
    assert ask("password", "totp", passcode=right, password=anns).status_code == 401
    FailedAttempts.objects.filter(name="tess").delete()
    assert ask("password", "totp", passcode=right).status_code == 201


def test_wrong_codes_look_alike_with_and_without_a_second_factor(tess: User) -> None:
    factories.UserFactory(name="plain")
    answers = [
        ask("totp", totp={"user": {"name": name, "domain": {"id": "default"}, "passcode": wrong_code()}})
        for name in ("tess", "plain", "nobody")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_a_wrong_password_learns_nothing_about_codes(tess: User) -> None:
    wrong = {"user": BY_NAME | {"password": "wrong"}}
    used = ask("password", "totp", passcode=code(), password=wrong)
    assert used.status_code == 401
    assert "receipt" not in json.loads(used.content)
    assert ask("password", "totp", passcode=code()).status_code == 201, "the code was not looked at"


def test_a_token_and_an_application_credential_need_no_code(tess: User, blue: Project) -> None:
    text = ask("password", "totp", passcode=code())["X-Subject-Token"]
    assert ask("token", token={"id": text}).status_code == 201
    credential = ApplicationCredential.objects.create(
        user=tess, project=blue, name="robot", secret_hash=make_password("secret")
    )
    credential.roles.set([role.role_id for role in tess.assignments.all()])
    by = {"id": credential.id, "secret": "secret"}
    assert ask("application_credential", application_credential=by).status_code == 201


@override_settings(SIGN_IN_FAILURES=3)
def test_wrong_codes_lock_out(tess: User) -> None:
    for _attempt in range(3):
        assert ask("password", "totp", passcode=wrong_code()).status_code == 401
    assert ask("password", "totp", passcode=code()).status_code == 401


@override_settings(SIGN_IN_FAILURES=3)
def test_success_forgives_earlier_failures(tess: User) -> None:
    for number in range(3):
        for _attempt in range(2):
            assert ask("password", "totp", passcode=wrong_code()).status_code == 401
        assert ask("password", "totp", passcode=code(steps=number - 1)).status_code == 201


@override_settings(SIGN_IN_FAILURES=3)
def test_success_by_password_forgives_too(blue: Project) -> None:
    factories.UserFactory(name="tess", password=make_password(PASSWORD))
    wrong = {"user": BY_NAME | {"password": "wrong"}}
    for _round in range(3):
        for _attempt in range(2):
            assert ask("password", password=wrong).status_code == 401
        assert ask("password").status_code == 201
