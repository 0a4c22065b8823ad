"""Roles of a domain: they give what they imply, within their domain, and no token names them."""

import json

import pytest

from accounts.models import Assignment, Domain, Project, Role, User
from accounts.services import assignments, tokens
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api.identity_calls import Api, make, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(db: None) -> Domain:
    return factories.DomainFactory(id="other", name="Other")


@pytest.fixture
def tutor(admin: Api, other: Domain) -> Role:
    """Of the default domain; it implies member."""
    made = make(admin, "roles", name="tutor", domain_id="default")
    assert made["domain_id"] == "default"
    admin.put(f"roles/{made['id']}/implies/{factories.RoleFactory(name='member').id}")
    return Role.objects.get(pk=made["id"])


def names(admin: Api, query: str = "") -> set[str]:
    return {row["name"] for row in read(admin.get(f"roles{query}"))["roles"]}


def test_a_name_is_free_in_each_domain(admin: Api, tutor: Role) -> None:
    same = make(admin, "roles", name="tutor")
    make(admin, "roles", name="tutor", domain_id="other")
    assert admin.post("roles", role={"name": "tutor", "domain_id": "default"}).status_code == 409
    assert admin.post("roles", role={"name": "tutor"}).status_code == 409
    assert "tutor" in names(admin)
    assert names(admin, "?domain_id=default") == names(admin, "?domain_id=other") == {"tutor"}
    assert names(admin, "?domain_id=unknown") == names(admin, "?domain_id=%00") == set()
    assert admin.patch(f"roles/{same['id']}", role={"domain_id": "default"}).status_code == 400
    assert admin.post("roles", role={"name": "x", "domain_id": "unknown"}).status_code == 404


@pytest.mark.parametrize("name", ["admin", "manager", "member", "reader", "service"])
def test_none_is_a_namesake_of_those_that_rules_ask_for(admin: Api, tutor: Role, name: str) -> None:
    assert admin.post("roles", role={"name": name, "domain_id": "default"}).status_code == 403
    assert admin.patch(f"roles/{tutor.id}", role={"name": name}).status_code == 403


def test_it_gives_what_it_implies_and_nothing_else(admin: Api, blue: Project, tutor: Role) -> None:
    user = factories.UserFactory()
    assert admin.put(f"projects/{blue.id}/users/{user.id}/roles/{tutor.id}").status_code == 204
    valid = tokens.issue(user, ["password"], Scope(project=blue)).valid
    assert set(valid.roles.values()) == {"member", "reader"}
    assert valid.context().roles == {"member", "reader"}
    listed = read(admin.get(f"projects/{blue.id}/users/{user.id}/roles"))["roles"]
    assert [row["name"] for row in listed] == ["tutor"]
    query = f"role_assignments?user.id={user.id}&include_names"
    (row,) = read(admin.get(query))["role_assignments"]
    assert row["role"] == {
        "id": tutor.id,
        "name": "tutor",
        "domain": {"id": "default", "name": "Default"},
    }
    effective = read(admin.get(f"{query}&effective"))["role_assignments"]
    assert {row["role"]["name"] for row in effective} == {"member", "reader"}


def test_a_token_with_that_alone_has_no_role(admin: Api, blue: Project, other: Domain) -> None:
    user = factories.UserFactory()
    bare = make(admin, "roles", name="bare", domain_id="default")
    admin.put(f"projects/{blue.id}/users/{user.id}/roles/{bare['id']}")
    assert assignments.roles_of(user, project=blue) == {}


def test_it_is_given_within_its_domain_alone(
    admin: Api, blue: Project, tutor: Role, alice: User, other: Domain
) -> None:
    far = factories.ProjectFactory(name="far", domain=other)
    before = Assignment.objects.count()
    for place in (f"projects/{far.id}", "domains/other", "system"):
        answer = admin.put(f"{place}/users/{alice.id}/roles/{tutor.id}")
        assert answer.status_code == 403
        assert "its own domain" in json.loads(answer.content)["error"]["message"]
    assert Assignment.objects.count() == before
    assert admin.put(f"domains/default/users/{alice.id}/roles/{tutor.id}").status_code == 204


def test_nothing_of_another_domain_implies_it(admin: Api, tutor: Role, other: Domain) -> None:
    everywhere = make(admin, "roles", name="everywhere")
    elsewhere = make(admin, "roles", name="elsewhere", domain_id="other")
    beside = make(admin, "roles", name="beside", domain_id="default")
    for prior, status in ((everywhere, 403), (elsewhere, 403), (beside, 201)):
        assert admin.put(f"roles/{prior['id']}/implies/{tutor.id}").status_code == status


def test_it_goes_with_its_domain(admin: Api, other: Domain) -> None:
    make(admin, "roles", name="local", domain_id="other")
    admin.patch("domains/other", domain={"enabled": False})
    assert admin.delete("domains/other").status_code == 204
    assert not Role.objects.filter(name="local").exists()
