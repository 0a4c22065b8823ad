"""What a role implies: rules between further roles, and those of the default ones, which stay."""

import json

import pytest

from accounts.models import Project, Role, User
from accounts.services import tokens
from tests import factories
from tests.accounts.api.identity_calls import Api, api_of

pytestmark = pytest.mark.django_db


def implies(prior: Role, implied: Role) -> str:
    return f"roles/{prior.id}/implies/{implied.id}"


@pytest.fixture
def chief(admin: Api) -> Role:
    return factories.RoleFactory(name="chief")


@pytest.fixture
def clerk(admin: Api) -> Role:
    return factories.RoleFactory(name="clerk")


def test_a_rule_counts_at_the_next_request(
    admin: Api, chief: Role, clerk: Role, alice: User, blue: Project
) -> None:
    factories.AssignmentFactory(user=alice, project=blue, role=chief)
    api = api_of(alice, blue)

    def roles() -> set[str]:
        valid = tokens.check(api.token)
        assert valid is not None
        return set(valid.roles.values())

    assert "clerk" not in roles()
    answer = admin.put(implies(chief, clerk))
    assert answer.status_code == 201
    body = json.loads(answer.content)["role_inference"]
    assert (body["prior_role"]["name"], body["implies"]["name"]) == ("chief", "clerk")
    assert admin.call("HEAD", implies(chief, clerk)).status_code == 204
    assert "clerk" in roles()
    assert admin.put(implies(chief, clerk)).status_code == 201
    (listed,) = json.loads(admin.get(f"roles/{chief.id}/implies").content)["role_inference"]["implies"]
    assert listed["name"] == "clerk"
    assert admin.delete(implies(chief, clerk)).status_code == 204
    assert "clerk" not in roles()
    assert admin.call("HEAD", implies(chief, clerk)).status_code == 404


def test_rules_that_follow_are_kept_apart_from_written_ones(admin: Api, chief: Role, clerk: Role) -> None:
    page = factories.RoleFactory(name="page")
    for path in (implies(chief, clerk), implies(clerk, page), implies(chief, page)):
        admin.put(path)
    admin.delete(implies(chief, page))
    assert admin.get(implies(chief, page)).status_code == 404
    assert set(chief.inferences.values_list("implied__name", "is_direct")) == {
        ("clerk", True),
        ("page", False),
    }


def test_rules_that_would_give_too_much(admin: Api, chief: Role, clerk: Role) -> None:
    administers = Role.objects.get(name="admin")
    assert admin.put(implies(chief, administers)).status_code == 403
    assert admin.put(implies(chief, chief)).status_code == 403
    admin.put(implies(chief, clerk))
    assert admin.put(implies(clerk, chief)).status_code == 403
    manager = Role.objects.get(name="manager")
    assert admin.delete(implies(administers, manager)).status_code == 403
