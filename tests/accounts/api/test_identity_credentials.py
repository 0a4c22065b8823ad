"""Application credentials: a subset of roles, for one project, while it lasts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts import access_rules
from accounts.models import ApplicationCredential, Assignment, Project, User
from tests import factories
from tests.accounts.api.identity_calls import Api, api_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(blue: Project) -> User:
    """Manager of blue."""
    mia = factories.UserFactory(name="mia")
    factories.AssignmentFactory(user=mia, project=blue, role__name="manager")
    return mia


@pytest.fixture
def as_mia(mia: User, blue: Project) -> Api:
    return api_of(mia, blue)


def make(api: Api, user: User, **given: Any) -> dict[str, Any]:
    answer = api.post(
        f"users/{user.id}/application_credentials", application_credential={"name": "ci"} | given
    )
    assert answer.status_code == 201, answer.content
    return json.loads(answer.content)["application_credential"]


def enter(made: dict[str, Any], scope: Any = None, **identity: Any) -> Any:
    proof = identity or {"id": made["id"], "secret": made["secret"]}
    auth = {"identity": {"methods": ["application_credential"], "application_credential": proof}}
    return Api().post("auth/tokens", auth=auth | ({} if scope is None else {"scope": scope}))


def roles_in(answer: Any) -> set[str]:
    assert answer.status_code == 201, answer.content
    return {role["name"] for role in json.loads(answer.content)["token"]["roles"]}


def test_what_the_command_sends(as_mia: Api, mia: User, blue: Project) -> None:
    made = make(as_mia, mia, secret=None, roles=[], access_rules=[], expires_at=None, description=None)
    assert made["project_id"] == blue.id
    assert (made["unrestricted"], made["expires_at"], made["access_rules"]) == (False, None, [])
    assert {role["name"] for role in made["roles"]} == {"manager", "member", "reader"}
    shown = json.loads(as_mia.get(f"users/{mia.id}/application_credentials/{made['id']}").content)
    assert shown["application_credential"] == {key: made[key] for key in made if key != "secret"}
    assert made["secret"] not in str(list(ApplicationCredential.objects.values_list()))


def test_a_subset_of_roles(as_mia: Api, mia: User, blue: Project) -> None:
    made = make(as_mia, mia, roles=[{"name": "reader"}])
    answer = enter(made)
    assert roles_in(answer) == {"reader"}
    token = json.loads(answer.content)["token"]
    assert token["project"]["id"] == blue.id
    assert token["methods"] == ["application_credential"]
    assert token["application_credential"] == {"id": made["id"], "name": "ci", "restricted": True}
    refused = as_mia.post(
        f"users/{mia.id}/application_credentials",
        application_credential={"name": "more", "roles": [{"name": "admin"}]},
    )
    assert refused.status_code == 400


def test_by_name_and_by_a_secret_of_ones_own(as_mia: Api, mia: User) -> None:
    make(as_mia, mia, secret="my own secret")
    user = {"name": "mia", "domain": {"name": "Default"}}
    assert enter({}, name="ci", user=user, secret="my own secret").status_code == 201
    assert enter({}, name="ci", user={"id": mia.id}, secret="my own secret").status_code == 201
    for wrong in (
        {"name": "ci", "user": user, "secret": "wrong"},
        {"name": "ci", "user": user},
        {"name": "cd", "user": user, "secret": "my own secret"},
        {"name": "ci", "user": {"id": "unknown"}, "secret": "my own secret"},
    ):
        assert enter({}, **wrong).status_code == 401


@override_settings(SIGN_IN_FAILURES=3)
def test_a_chosen_secret_cannot_be_guessed_on_and_on(as_mia: Api, mia: User) -> None:
    made = make(as_mia, mia, secret="my own secret")
    for _attempt in range(3):
        assert enter({}, id=made["id"], secret="wrong").status_code == 401
    assert enter(made).status_code == 401


def test_a_scope_of_its_own_is_refused(as_mia: Api, mia: User, blue: Project, red: Project) -> None:
    factories.AssignmentFactory(user=mia, project=red)
    made = make(as_mia, mia)
    for scope in ({"project": {"id": red.id}}, {"system": {"all": True}}):
        assert enter(made, scope).status_code == 401
    token = enter(made)["X-Subject-Token"]
    rescope = {
        "identity": {"methods": ["token"], "token": {"id": token}},
        "scope": {"project": {"id": red.id}},
    }
    assert Api().post("auth/tokens", auth=rescope).status_code == 401


def test_what_the_user_loses_the_credential_loses(as_mia: Api, mia: User, blue: Project) -> None:
    factories.AssignmentFactory(user=mia, project=blue, role__name="reader")
    made = make(as_mia, mia)
    token = enter(made)["X-Subject-Token"]
    Assignment.objects.filter(user=mia, role__name="manager").delete()
    assert roles_in(enter(made)) == {"reader"}
    Assignment.objects.filter(user=mia).delete()
    assert enter(made).status_code == 401
    assert Api(token).get("auth/projects").status_code == 401


def test_expiry(as_mia: Api, mia: User) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    made = make(as_mia, mia, expires_at=soon.strftime("%Y-%m-%dT%H:%M:%S.%f"))
    answer = enter(made)
    assert json.loads(answer.content)["token"]["expires_at"] == soon.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    ApplicationCredential.objects.update(expires_at=timezone.now())
    assert enter(made).status_code == 401
    assert Api(answer["X-Subject-Token"]).get("auth/projects").status_code == 401
    for wrong in ("2001-01-01T00:00:00", "soon", 7, "2030-13-45T00:00:00"):
        refused = as_mia.post(
            f"users/{mia.id}/application_credentials",
            application_credential={"name": "late", "expires_at": wrong},
        )
        assert refused.status_code == 400


def test_a_deleted_one_and_its_tokens_end_at_once(as_mia: Api, mia: User) -> None:
    made = make(as_mia, mia)
    token = enter(made)["X-Subject-Token"]
    assert as_mia.delete(f"users/{mia.id}/application_credentials/{made['id']}").status_code == 204
    assert Api(token).get("auth/projects").status_code == 401
    assert enter(made).status_code == 401


@pytest.mark.parametrize("unrestricted", [False, True])
def test_only_an_unrestricted_one_makes_others(as_mia: Api, mia: User, unrestricted: bool) -> None:
    made = make(as_mia, mia, unrestricted=unrestricted)
    inside = Api(enter(made)["X-Subject-Token"])
    answer = inside.post(f"users/{mia.id}/application_credentials", application_credential={"name": "child"})
    assert answer.status_code == (201 if unrestricted else 403)
    gone = inside.delete(f"users/{mia.id}/application_credentials/{made['id']}")
    assert gone.status_code == (204 if unrestricted else 403)


def test_nobody_makes_one_for_another(as_mia: Api, alice: User, admin: Api) -> None:
    for api in (as_mia, admin):
        answer = api.post(f"users/{alice.id}/application_credentials", application_credential={"name": "x"})
        assert answer.status_code == 403


def test_the_same_name_twice(as_mia: Api, mia: User) -> None:
    make(as_mia, mia)
    answer = as_mia.post(f"users/{mia.id}/application_credentials", application_credential={"name": "ci"})
    assert answer.status_code == 409


def test_access_rules_are_kept_to(as_mia: Api, mia: User) -> None:
    rules = [{"service": "identity", "method": "GET", "path": "/v3/users/*/application_credentials"}]
    inside = Api(enter(make(as_mia, mia, access_rules=rules))["X-Subject-Token"])
    assert inside.get(f"users/{mia.id}/application_credentials").status_code == 200
    assert inside.get(f"users/{mia.id}").status_code == 403
    assert inside.get("auth/projects").status_code == 403
    assert inside.get("auth/tokens", **{"X-Subject-Token": inside.token or ""}).status_code == 200
    for wrong in ("x", [7], [{}], [{"service": "identity", "method": "FLY", "path": "/"}]):
        answer = as_mia.post(
            f"users/{mia.id}/application_credentials",
            application_credential={"name": "x", "access_rules": wrong},
        )
        assert answer.status_code == 400


@pytest.mark.parametrize("pattern", ["{version}/{noun}", "{version}/**", "/*/{noun}", "/**"])
@pytest.mark.parametrize(
    ("service", "version", "noun", "other"),
    [
        ("identity", "/v3", "auth/projects", "/identity/v3/users"),
        ("compute", "/v2.1", "servers", "/compute/v2.1/flavors/1/os-extra_specs"),
        ("image", "/v2", "images", "/image/v2/schemas/images"),
        ("network", "/v2.0", "networks", "/network/v2.0/subnets/1"),
        ("block-storage", "/v3", "types", "/volume/v3/volumes/1"),
    ],
)
def test_the_paths_of_access_rules_begin_with_the_version(
    as_mia: Api, mia: User, pattern: str, service: str, version: str, noun: str, other: str
) -> None:
    """As in Keystone's documentation, whatever the service."""
    path = pattern.format(version=version, noun=noun)
    rule = {"service": service, "method": "GET", "path": path}
    inside = Api(enter(make(as_mia, mia, access_rules=[rule]))["X-Subject-Token"])
    prefix = {"block-storage": "volume"}.get(service, service)
    assert inside.get(f"/{prefix}{version}/{noun}").status_code == 200
    if "**" not in path:
        assert inside.get(other).status_code == 403
    bare = {"service": service, "method": "GET", "path": f"/{noun}"}
    outside = Api(enter(make(as_mia, mia, name="bare", access_rules=[bare]))["X-Subject-Token"])
    assert outside.get(f"/{prefix}{version}/{noun}").status_code == 403


def test_many_wild_cards_are_matched_in_linear_time() -> None:
    """By RE2: Python's engine takes longer than anybody waits for this one."""
    rule = {"service": "compute", "method": "GET", "path": "/" + "**a" * 40 + "b"}
    assert not access_rules.allow([rule], service="compute", method="GET", path="/" + "a" * 2000)
    literal = {"service": "compute", "method": "GET", "path": "/v2.1/a+b (1)/é/*"}
    assert access_rules.allow([literal], service="compute", method="GET", path="/v2.1/a+b (1)/é/x")
    assert not access_rules.allow([literal], service="compute", method="GET", path="/v2x1/aab (1)/é/x")


def test_access_rules_outlive_their_credential(as_mia: Api, mia: User, admin: Api) -> None:
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
    made = make(as_mia, mia, access_rules=[rule])
    (kept,) = made["access_rules"]
    assert kept == rule | {"id": kept["id"]}
    rules = f"users/{mia.id}/access_rules"
    assert [row["id"] for row in json.loads(as_mia.get(rules).content)["access_rules"]] == [kept["id"]]
    assert json.loads(as_mia.get(f"{rules}?service=image").content)["access_rules"] == []
    assert as_mia.delete(f"{rules}/{kept['id']}").status_code == 403
    again = make(as_mia, mia, name="again", access_rules=[{"id": kept["id"]}])
    assert again["access_rules"] == [kept]
    for credential in (made, again):
        as_mia.delete(f"users/{mia.id}/application_credentials/{credential['id']}")
    assert as_mia.get(f"{rules}/{kept['id']}").status_code == 200
    assert as_mia.delete(f"{rules}/{kept['id']}").status_code == 204
    assert as_mia.get(f"{rules}/{kept['id']}").status_code == 404
    unknown = {"name": "x", "access_rules": [{"id": kept["id"]}]}
    answer = as_mia.post(f"users/{mia.id}/application_credentials", application_credential=unknown)
    assert answer.status_code == 400


def test_who_does_not_know_rules_does_not_see_their_tokens(as_mia: Api, mia: User, admin: Api) -> None:
    """Else a service that ignores them would let the token do everything."""
    rules = [{"service": "identity", "method": "GET", "path": "/v3/users"}]
    token = enter(make(as_mia, mia, access_rules=rules))["X-Subject-Token"]
    seen = {"X-Subject-Token": token}
    assert admin.get("auth/tokens", **seen).status_code == 404
    seen["OpenStack-Identity-Access-Rules"] = "1.0"
    assert admin.get("auth/tokens", **seen).status_code == 200
