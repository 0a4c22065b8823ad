"""Tokens: how they are got, what they say, where they count, and that they end at once."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Assignment, Domain, Project, Token, User
from accounts.services import retention, tokens
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api.identity_calls import Api, api_of

PASSWORD = "correct horse battery"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(blue: Project) -> User:
    """Member of blue, with a password."""
    ann = factories.UserFactory(name="ann", password=make_password(PASSWORD))
    factories.AssignmentFactory(user=ann, project=blue)
    return ann


def by_password(name: str = "ann", password: Any = PASSWORD, **user: Any) -> dict[str, Any]:
    whom = user if "id" in user else {"name": name, "domain": {"id": "default"}} | user
    return {"methods": ["password"], "password": {"user": whom | {"password": password}}}


def by_token(text: str) -> dict[str, Any]:
    return {"methods": ["token"], "token": {"id": text}}


def ask(identity: Any, scope: Any = None, path: str = "auth/tokens") -> Any:
    auth = {"identity": identity} | ({} if scope is None else {"scope": scope})
    return Api().post(path, auth=auth)


def body(answer: Any) -> Any:
    assert answer.status_code in {200, 201}, answer.content
    return json.loads(answer.content)["token"]


def text_of(answer: Any) -> str:
    return answer["X-Subject-Token"]


def seen(text: str) -> int:
    """What the very next request with this token gets."""
    return Api(text).get("auth/projects").status_code


def test_an_unscoped_token(ann: User) -> None:
    token = body(ask(by_password()))
    assert set(token) == {"methods", "user", "audit_ids", "issued_at", "expires_at"}
    assert token["methods"] == ["password"]
    assert token["user"] == {
        "id": ann.id,
        "name": "ann",
        "domain": {"id": "default", "name": "Default"},
        "password_expires_at": None,
    }
    assert re.fullmatch(TIME, token["issued_at"])
    assert re.fullmatch(TIME, token["expires_at"])
    assert len(token["audit_ids"]) == 1


def test_a_project_token(ann: User, blue: Project, admin: Api) -> None:
    for project in ({"id": blue.id}, {"name": "blue", "domain": {"name": "Default"}}):
        token = body(ask(by_password(), {"project": project}))
        assert token["project"]["id"] == blue.id
        assert token["is_domain"] is False
        assert {role["name"] for role in token["roles"]} == {"member", "reader"}
        assert [service["type"] for service in token["catalog"]] == [
            "block-storage",
            "compute",
            "identity",
            "image",
            "network",
        ]
        endpoint = token["catalog"][1]["endpoints"][0]
        assert set(endpoint) == {"id", "interface", "region", "region_id", "url"}
        assert not {"domain", "system"} & set(token)
    without = body(ask(by_password(), {"project": {"id": blue.id}}, "auth/tokens?nocatalog"))
    assert "catalog" not in without


def test_domain_and_system_tokens(ann: User, blue: Project) -> None:
    for scope in ({"domain": {"name": "Default"}}, {"system": {"all": True}}):
        assert ask(by_password(), scope).status_code == 401
    factories.AssignmentFactory(user=ann, project=None, domain=blue.domain, role__name="manager")
    token = body(ask(by_password(), {"domain": {"name": "Default"}}))
    assert token["domain"] == {"id": "default", "name": "Default"}
    assert {role["name"] for role in token["roles"]} == {"manager", "member", "reader"}
    factories.AssignmentFactory(user=ann, project=None, role__name="reader")
    token = body(ask(by_password(), {"system": {"all": True}}))
    assert token["system"] == {"all": True}
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert not {"project", "domain", "is_domain"} & set(token)


def test_without_a_scope_the_default_project(ann: User, blue: Project, red: Project) -> None:
    assert "project" not in body(ask(by_password()))
    User.objects.filter(pk=ann.id).update(default_project=red)
    assert "project" not in body(ask(by_password())), "no role there"
    User.objects.filter(pk=ann.id).update(default_project=blue)
    assert body(ask(by_password()))["project"]["id"] == blue.id
    assert "project" not in body(ask(by_password(), "unscoped"))
    assert "project" not in body(ask(by_password(), {"unscoped": {}}))
    Project.objects.filter(pk=blue.id).update(enabled=False)
    assert "project" not in body(ask(by_password()))


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"nothing": {}},
        {"project": {"id": "x"}, "domain": {"id": "default"}},
        {"system": {"all": False}},
        {"system": {}},
        [],
        7,
        "scoped",
    ],
    ids=str,
)
def test_scopes_that_are_none(ann: User, scope: Any) -> None:
    assert ask(by_password(), scope).status_code == 400


@pytest.mark.parametrize(
    "project", [{"id": "unknown"}, {"name": "blue"}, {"name": "nobody", "domain": {"id": "default"}}, {}, "x"]
)
def test_projects_that_cannot_be_entered(ann: User, red: Project, project: Any) -> None:
    assert ask(by_password(), {"project": project}).status_code in {400, 401}
    assert ask(by_password(), {"project": {"id": red.id}}).status_code == 401


@pytest.mark.parametrize(
    "identity",
    [
        None,
        {},
        [],
        {"methods": []},
        {"methods": "password"},
        {"methods": [7]},
        {"methods": ["password"]},
        {"methods": ["password"], "password": {}},
        {"methods": ["password"], "password": {"user": {"password": "x"}}},
        {"methods": ["password"], "password": {"user": {"name": "ann", "password": "x"}}},
        {"methods": ["application_credential"], "application_credential": {"secret": "x"}},
    ],
    ids=str,
)
def test_shapeless_proofs(ann: User, identity: Any) -> None:
    assert ask(identity).status_code == 400


@pytest.mark.parametrize(
    "identity",
    [
        by_password(password="wrong"),
        by_password(name="nobody"),
        by_password(name="ANN"),
        by_password(name="ann\0"),
        by_password(name="x" * 100_000),
        by_password(password="x" * 100_000),
        by_password(password=""),
        by_password(password=None),
        by_password(password=7),
        by_password(password="\ud800"),
        by_password(id="unknown"),
        by_password(id=7),
        by_password(name="ann", domain={"name": "Elsewhere"}),
        by_token("unknown"),
        by_token(""),
        {"methods": ["token"], "token": {}},
        {"methods": ["mapped"], "mapped": {}},
        {"methods": ["application_credential"], "application_credential": {"id": "x", "secret": "x"}},
    ],
    ids=lambda identity: json.dumps(identity)[:80],
)
def test_wrong_proofs_are_all_alike(ann: User, identity: Any) -> None:
    answer = ask(identity)
    assert answer.status_code == 401
    assert answer.content == ask(by_password(password="another wrong one")).content


@pytest.mark.parametrize("closed", ["user", "domain"])
def test_who_is_disabled_gets_none(ann: User, closed: str) -> None:
    rows = {"user": User.objects, "domain": Domain.objects}[closed]
    rows.update(enabled=False)
    assert ask(by_password()).status_code == 401


def test_two_methods_must_mean_the_same_person(ann: User, bob: User, red: Project) -> None:
    both = by_password() | by_token(text_of(ask(by_password()))) | {"methods": ["password", "token"]}
    assert set(body(ask(both))["methods"]) == {"password", "token"}
    both |= by_token(api_of(bob, red).token or "") | {"methods": ["password", "token"]}
    assert ask(both).status_code == 401


def test_a_rescoped_token_ends_with_the_first(ann: User, blue: Project) -> None:
    first = ask(by_password(), "unscoped")
    second = body(ask(by_token(text_of(first)), {"project": {"id": blue.id}}))
    assert second["expires_at"] == body(first)["expires_at"]
    assert second["methods"] == ["token", "password"]
    assert second["audit_ids"][1] == body(first)["audit_ids"][0]
    assert second["audit_ids"][0] != second["audit_ids"][1]


def test_looking_at_a_token(ann: User, blue: Project, admin: Api, bob: User, red: Project) -> None:
    issued = ask(by_password(), {"project": {"id": blue.id}})
    text = text_of(issued)
    subject = {"X-Subject-Token": text}
    for asker in (Api(text), admin):
        answer = asker.get("auth/tokens", **subject)
        assert body(answer) == body(issued)
        assert text_of(answer) == text
        assert asker.call("HEAD", "auth/tokens", **subject).status_code == 200
        assert asker.get("auth/tokens", **{"X-Subject-Token": "unknown"}).status_code == 404
    assert admin.get("auth/tokens", **{"X-Subject-Token": "unknown"}).status_code == 404
    unknown = api_of(bob, red).get("auth/tokens", **{"X-Subject-Token": "unknown"})
    foreign = api_of(bob, red).get("auth/tokens", **subject)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert Api().get("auth/tokens", **subject).status_code == 401
    swift = factories.AssignmentFactory(project=red, role__name="service").user
    assert api_of(swift, red).get("auth/tokens", **subject).status_code == 200


def test_revoking(ann: User, admin: Api, bob: User, red: Project) -> None:
    mine = text_of(ask(by_password()))
    assert api_of(bob, red).call("DELETE", "auth/tokens", **{"X-Subject-Token": mine}).status_code == 404
    assert seen(mine) == 200
    gone = Api(mine).call("DELETE", "auth/tokens", **{"X-Subject-Token": mine})
    assert (gone.status_code, gone.content) == (204, b"")
    assert seen(mine) == 401
    other = text_of(ask(by_password()))
    assert admin.call("DELETE", "auth/tokens", **{"X-Subject-Token": other}).status_code == 204
    assert seen(other) == 401


VOIDING: dict[str, Callable[[Api, User, Project], Any]] = {
    "the user is disabled": lambda api, ann, blue: api.patch(f"users/{ann.id}", user={"enabled": False}),
    "the user is deleted": lambda api, ann, blue: api.delete(f"users/{ann.id}"),
    "the password is set anew": lambda api, ann, blue: api.patch(
        f"users/{ann.id}", user={"password": "another good one"}
    ),
    "the password is changed": lambda api, ann, blue: api.post(
        f"users/{ann.id}/password", user={"password": "another good one", "original_password": PASSWORD}
    ),
    "the project is disabled": lambda api, ann, blue: api.patch(
        f"projects/{blue.id}", project={"enabled": False}
    ),
    "the role is taken": lambda api, ann, blue: api.delete(
        f"projects/{blue.id}/users/{ann.id}/roles/{ann.assignments.get().role_id}"
    ),
    "the row says so": lambda api, ann, blue: User.objects.filter(pk=ann.id).update(enabled=False),
    "its time is over": lambda api, ann, blue: Token.objects.update(expires_at=timezone.now()),
}


@pytest.mark.parametrize("why", VOIDING)
def test_what_voids_a_token_counts_at_the_next_request(
    why: str, ann: User, red: Project, blue: Project
) -> None:
    boss = factories.AssignmentFactory(project=red, role__name="admin").user
    text = text_of(ask(by_password(), {"project": {"id": blue.id}}))
    assert seen(text) == 200
    answer = VOIDING[why](api_of(boss, red), ann, blue)
    if hasattr(answer, "status_code"):
        assert answer.status_code in {200, 204}, answer.content
    assert seen(text) == 401
    assert ask(by_token(text)).status_code == 401


def test_a_disabled_domain_voids_and_enabling_does_not_heal(ann: User) -> None:
    elsewhere = factories.ProjectFactory(domain=factories.DomainFactory(id="elsewhere", name="Elsewhere"))
    boss = factories.UserFactory(domain=elsewhere.domain)
    factories.AssignmentFactory(user=boss, project=elsewhere, role__name="admin")
    text = text_of(ask(by_password()))
    for enabled in (False, True):
        answer = api_of(boss, elsewhere).patch("domains/default", domain={"enabled": enabled})
        assert answer.status_code == 200
        assert seen(text) == 401


def test_a_role_that_is_taken_is_gone_from_the_token(ann: User, blue: Project) -> None:
    factories.AssignmentFactory(user=ann, project=blue, role__name="manager")
    text = text_of(ask(by_password(), {"project": {"id": blue.id}}))
    Assignment.objects.filter(user=ann, role__name="manager").delete()
    answer = Api(text).get("auth/tokens", **{"X-Subject-Token": text})
    assert {role["name"] for role in body(answer)["roles"]} == {"member", "reader"}


def test_the_text_is_not_kept(ann: User) -> None:
    text = text_of(ask(by_password()))
    assert re.fullmatch("[0-9a-f]{64}", text), (
        "256 bits, and no first dash that a command would take for an option"
    )
    assert text not in str(list(Token.objects.values_list()))


@override_settings(SIGN_IN_FAILURES=3)
def test_guessing_is_locked_out_and_looks_like_any_wrong_password(ann: User) -> None:
    wrong = [ask(by_password(password="wrong")) for _attempt in range(4)]
    right = ask(by_password())
    assert [answer.status_code for answer in [*wrong, right]] == [401] * 5
    assert len({answer.content for answer in [*wrong, right]}) == 1
    assert ask(by_password(id=ann.id)).status_code == 401, "the same person by another name"
    assert (
        Api()
        .post(
            f"users/{ann.id}/password", user={"password": "another good one", "original_password": PASSWORD}
        )
        .status_code
        == 401
    )


def test_what_expired_is_swept(ann: User) -> None:
    ask(by_password())
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    ask(by_password())
    assert retention.Sweeper().sweep()["tokens"] == 1
    assert Token.objects.count() == 1


@pytest.mark.parametrize("place", ["project", "domain", "system", "unscoped", "tree"])
def test_a_check_costs_one_query_and_the_first_a_few_more(ann: User, blue: Project, place: str) -> None:
    factories.AssignmentFactory(user=ann, project=None, domain=blue.domain)
    factories.AssignmentFactory(user=ann, project=None)
    child = factories.ProjectFactory(parent=blue)
    factories.AssignmentFactory(user=ann, project=blue, inherited=True)
    scope = {
        "project": Scope(project=blue),
        "domain": Scope(domain=blue.domain),
        "system": Scope(system=True),
        "unscoped": Scope(),
        "tree": Scope(project=child),
    }[place]
    text = tokens.issue(ann, ["password"], scope).text
    for expected in (3 if place == "domain" else 2, 1, 1):  # roles are known since it was issued
        with CaptureQueriesContext(connection) as queries:
            assert tokens.check(text)
        assert len(queries) == expected


def test_a_password_costs_two_queries(ann: User, blue: Project) -> None:
    """The user, with the epoch's mark and whether there were wrong attempts, and the new row."""
    scope = {"project": {"id": blue.id}}
    ask(by_password(), scope)
    with CaptureQueriesContext(connection) as queries:
        assert ask(by_password(), scope).status_code == 201
    assert len(queries) == 2


def test_another_scope_costs_two_queries(ann: User, blue: Project) -> None:
    """The epoch's mark and the new row, once the user, the place and the roles are known."""
    first = text_of(ask(by_password()))
    for place in ({"id": blue.id}, {"name": "blue", "domain": {"name": "Default"}}):
        ask(by_token(first), {"project": place})
        with CaptureQueriesContext(connection) as queries:
            assert body(ask(by_token(first), {"project": place}))["project"]["id"] == blue.id
        assert len(queries) == 2


def test_a_scope_that_was_known_ends_at_once(ann: User, blue: Project) -> None:
    first = text_of(ask(by_password()))
    place = {"project": {"name": "blue", "domain": {"name": "Default"}}}
    assert ask(by_token(first), place).status_code == 201
    Assignment.objects.filter(user=ann).delete()
    assert ask(by_token(first), place).status_code == 401
    factories.AssignmentFactory(user=ann, project=blue)
    Project.objects.filter(pk=blue.pk).update(name="green")
    assert ask(by_token(first), place).status_code == 401
    assert ask(by_token(first), {"project": place["project"] | {"name": "green"}}).status_code == 201
