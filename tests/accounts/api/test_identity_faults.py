"""What the database refuses: a name that somebody else was quicker with is a conflict, anything else a bug."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.api import users as users_api
from accounts.models import Endpoint, Quota, User
from tests.accounts.api.identity_calls import Api

pytestmark = pytest.mark.django_db


def test_two_at_once_are_a_conflict_and_a_bug_is_json(
    admin: Api, root: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clash(*_arguments: Any) -> User:
        with transaction.atomic():
            return User.objects.create(name=root.name, domain=root.domain)

    monkeypatch.setattr(users_api.users, "create", clash)
    assert admin.post("users", user={"name": "x"}).status_code == 409

    def fail(*_arguments: Any) -> User:
        raise ZeroDivisionError

    monkeypatch.setattr(users_api.users, "create", fail)
    admin._client.raise_request_exception = False
    answer = admin.post("users", user={"name": "x"})
    assert answer.status_code == 500
    assert json.loads(answer.content)["error"]["title"] == "Internal Server Error"


@pytest.mark.parametrize(
    "row",
    [Quota(resource="cores", limit=-2), Endpoint(service_id=None, interface="public", url="/")],
    ids=["CHECK", "NOT NULL"],
)
def test_a_row_that_breaks_another_rule_is_a_bug_and_logged(
    row: Quota | Endpoint, admin: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: Any) -> User:
        with transaction.atomic():
            row.save(force_insert=True)
        raise AssertionError("the database took it")

    monkeypatch.setattr(users_api.users, "create", fail)
    admin._client.raise_request_exception = False
    assert admin.post("users", user={"name": "x"}).status_code == 500
    [record] = [record for record in caplog.records if record.name == "django.request" and record.exc_info]
    assert (record.levelname, record.exc_info and record.exc_info[0]) == ("ERROR", IntegrityError)
