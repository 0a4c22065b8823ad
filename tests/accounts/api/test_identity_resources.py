"""Shapes of what the Identity API shows, filters, paging, and what it makes of odd input."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Domain, ExternalIdentity, Project, Role, User
from tests import factories
from tests.accounts.api.identity_calls import NEW, Api, api_of, make, noun, read

pytestmark = pytest.mark.django_db

KEYS = {
    "users": {"id", "name", "domain_id", "enabled", "password_expires_at", "options", "links"},
    "groups": {"id", "name", "domain_id", "description", "links"},
    "projects": {
        "id",
        "name",
        "domain_id",
        "description",
        "enabled",
        "is_domain",
        "parent_id",
        "tags",
        "options",
        "links",
    },
    "domains": {"id", "name", "description", "enabled", "tags", "options", "links"},
    "roles": {"id", "name", "domain_id", "description", "options", "links"},
    "regions": {"id", "description", "parent_region_id", "links"},
    "services": {"id", "type", "name", "description", "enabled", "links"},
}
MAKERS = {
    "users": factories.UserFactory,
    "groups": factories.GroupFactory,
    "projects": factories.ProjectFactory,
    "role_assignments": factories.AssignmentFactory,
}
NAMED = sorted(set(NEW) - {"regions", "services"})


@pytest.mark.parametrize("plural", NEW)
def test_create_show_change_delete(plural: str, admin: Api) -> None:
    made = make(admin, plural)
    path = f"{plural}/{made['id']}"
    assert set(made) == KEYS[plural]
    assert made["links"] == {"self": f"http://localhost:8000/identity/v3/{path}"}
    assert read(admin.get(path)) == {noun(plural): made}
    assert made in read(admin.get(plural))[plural]
    assert admin.call("HEAD", path).status_code == 200
    changed = read(admin.patch(path, **{noun(plural): {"description": "about"}}))[noun(plural)]
    assert changed == made | {"description": "about"}
    if plural == "domains":
        assert admin.delete(path).status_code == 403
        admin.patch(path, domain={"enabled": False})
    gone = admin.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert "Content-Type" not in gone.headers
    assert admin.get(path).status_code == 404
    assert admin.delete(path).status_code == 404
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {f"{noun(plural)}.{verb}" for verb in ("create", "update", "delete")} <= actions


@pytest.mark.parametrize("plural", NAMED)
def test_the_same_name_twice_is_a_conflict(plural: str, admin: Api) -> None:
    make(admin, plural)
    other = make(admin, plural, name="other")
    assert admin.post(plural, **{noun(plural): NEW[plural]}).status_code == 409
    renamed = admin.patch(f"{plural}/{other['id']}", **{noun(plural): {"name": "new"}})
    assert renamed.status_code == 409


@pytest.mark.parametrize("plural", NAMED)
@pytest.mark.parametrize("name", ["", " ", None, 7, [], "a\0b", "\ud800", "x" * 256, "a\nb"], ids=repr)
def test_names_that_are_none(plural: str, name: Any, admin: Api) -> None:
    answer = admin.post(plural, **{noun(plural): {"name": name}})
    assert answer.status_code == 400
    assert "name" in json.loads(answer.content)["error"]["message"]


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"7", b'{"user": NaN}', b"\xff", b"[" * 100_000, b'{"user": []}']
)
def test_bodies_that_cannot_be_read(raw: bytes, admin: Api) -> None:
    for path in ("users", "auth/tokens"):
        answer = Client().generic(
            "POST", f"/identity/v3/{path}", raw, content_type="", headers={"X-Auth-Token": admin.token or ""}
        )
        assert answer.status_code == 400
        assert json.loads(answer.content)["error"]["title"] == "Bad Request"


def test_a_method_that_there_is_not(admin: Api) -> None:
    answer = admin.put("users", {})
    assert answer.status_code == 405
    assert json.loads(answer.content)["error"]["code"] == 405


@pytest.mark.parametrize("plural", NAMED)
def test_names_are_found_exactly(plural: str, admin: Api) -> None:
    for name in ("web", "web-2", "WEB"):
        make(admin, plural, name=name)
    found = {
        query: {row["name"] for row in read(admin.get(f"{plural}?{query}"))[plural]}
        for query in ("name=web", "name=we", "name=", "name__startswith=web", "name__contains=-")
    }
    assert found["name=web"] == {"web"}
    assert found["name=we"] == found["name="] == set()
    assert found["name__contains=-"] == {"web-2"}
    assert {"web", "web-2"} <= found["name__startswith=web"]


def test_filters(admin: Api, alice: User) -> None:
    make(admin, "users", enabled=False, description="d", email="new@example.org")
    for query, expected in {
        "enabled=false": {"new"},
        "enabled=0": {"new"},
        "enabled=True": {"alice", "root"},
        "domain_id=default": {"alice", "root", "new"},
        "domain_id=other": set(),
        "domain_id=%00": set(),
        "nonsense=1": {"alice", "root", "new"},
    }.items():
        assert {row["name"] for row in read(admin.get(f"users?{query}"))["users"]} == expected, query
    assert admin.get("users?enabled=perhaps").status_code == 400


def test_paging(admin: Api) -> None:
    for number in range(5):
        factories.UserFactory(name=f"page-{number}")
    whole = read(admin.get("users"))
    assert whole["links"] == {
        "self": "http://localhost:8000/identity/v3/users",
        "previous": None,
        "next": None,
    }
    seen, path = [], "users?limit=2"
    while path:
        part = read(admin.get(path))
        assert len(part["users"]) <= 2
        seen += part["users"]
        path = (part["links"]["next"] or "").removeprefix("http://localhost:8000")
    assert seen == whole["users"]
    for wrong in ("limit=0", "limit=-1", "limit=x", "limit=" + "9" * 50, "marker=unknown"):
        assert admin.get(f"users?{wrong}").status_code == 400


def test_further_fields_of_a_user_come_back_as_they_were(admin: Api) -> None:
    made = make(admin, "users", project_id="anything", links={}, options={})
    assert made["project_id"] == "anything"
    path = f"users/{made['id']}"
    assert read(admin.patch(path, user={"seat": 7, "project_id": None}))["user"]["seat"] == 7
    shown = read(admin.get(path))["user"]
    assert (shown["id"], shown["seat"], "project_id" in shown) == (made["id"], 7, False)
    for wrong in ({"x": []}, {"x": "a" * 300}, {"x" * 65: 1}, {"x": "\0"}, {f"x{n}": 1 for n in range(21)}):
        assert admin.patch(path, user=wrong).status_code == 400


@pytest.mark.parametrize("value", [True, "True", "true", 1, "1"])
def test_loose_in_strict_out(value: Any, admin: Api) -> None:
    assert make(admin, "projects", enabled=value, description=None)["enabled"] is True
    for wrong in ("maybe", 7, [], {}, None):
        answer = admin.post("projects", project={"name": "x", "enabled": wrong})
        assert answer.status_code == 400


def test_project_trees(admin: Api, blue: Project) -> None:
    make(admin, "domains", name="north")
    child = make(admin, "projects", parent_id=blue.id)
    assert child["parent_id"] == blue.id
    assert make(admin, "projects", name="top", parent_id="default")["parent_id"] == "default"
    names = {row["name"] for row in read(admin.get(f"projects?parent_id={blue.id}"))["projects"]}
    assert names == {"new"}
    assert admin.delete(f"projects/{blue.id}").status_code == 403
    assert admin.patch(f"projects/{child['id']}", project={"parent_id": "default"}).status_code == 403
    assert admin.patch(f"projects/{child['id']}", project={"domain_id": "north"}).status_code == 400
    assert admin.post("projects", project={"name": "x", "parent_id": "unknown"}).status_code == 404
    assert admin.post("projects", project={"name": "x", "domain_id": "unknown"}).status_code == 404
    parent = child["id"]
    for depth in range(3):
        parent = make(admin, "projects", name=f"deep-{depth}", parent_id=parent)["id"]
    assert admin.post("projects", project={"name": "x", "parent_id": parent}).status_code == 403


def test_what_stands_above_and_below_a_project(admin: Api, alice: User, blue: Project) -> None:
    top = factories.ProjectFactory(name="top")
    middle = factories.ProjectFactory(name="middle", parent=top)
    bottom = factories.ProjectFactory(name="bottom", parent=middle)

    def part(api: Api, project: Project, parameter: str, name: str) -> Any:
        found = read(api.get(f"projects/{project.pk}?{parameter}"))["project"][name]
        return [row["project"]["id"] for row in found] if isinstance(found, list) else found

    assert part(admin, bottom, "parents_as_ids", "parents") == {middle.pk: {top.pk: {"default": None}}}
    assert part(admin, top, "parents_as_ids", "parents") == {"default": None}
    assert part(admin, bottom, "parents_as_list", "parents") == [middle.pk, top.pk]
    assert part(admin, top, "subtree_as_ids", "subtree") == {middle.pk: {bottom.pk: None}}
    assert part(admin, bottom, "subtree_as_ids", "subtree") is None
    assert set(part(admin, top, "subtree_as_list", "subtree")) == {middle.pk, bottom.pk}
    assert admin.get(f"projects/{top.pk}?parents_as_ids&parents_as_list").status_code == 400
    for project in (top, bottom):
        factories.AssignmentFactory(user=alice, project=project, role__name="reader")
    assert part(api_of(alice, blue), bottom, "parents_as_list", "parents") == [top.pk]


def test_a_project_that_owns_something_stays(admin: Api, red: Project) -> None:
    factories.InstanceFactory(project=red)
    answer = admin.delete(f"projects/{red.id}")
    assert answer.status_code == 409
    assert Project.objects.filter(pk=red.id).exists()


def test_tags(admin: Api, blue: Project, red: Project) -> None:
    path = f"projects/{blue.id}/tags"
    assert read(admin.put(path, {"tags": ["b", "a"]}))["tags"] == ["a", "b"]
    assert admin.put(f"{path}/c").status_code == 201
    assert admin.get(f"{path}/c").status_code == 204
    assert admin.get(f"{path}/d").status_code == 404
    for query, expected in {
        "tags=a,b": {"blue"},
        "tags=a,x": set(),
        "tags-any=a,x": {"blue"},
        "not-tags=a": {"red"},
        "not-tags-any=a,x": {"red"},
    }.items():
        assert {row["name"] for row in read(admin.get(f"projects?{query}"))["projects"]} == expected, query
    assert admin.delete(f"{path}/c").status_code == 204
    assert admin.delete(f"{path}/c").status_code == 404
    assert admin.delete(path).status_code == 204
    assert read(admin.get(path))["tags"] == []
    for wrong in (None, "x", [7], ["a,b"], ["a/b"], [""], ["x" * 256], [str(n) for n in range(81)]):
        assert admin.put(path, {"tags": wrong}).status_code == 400


@pytest.mark.parametrize("place", ["projects/{blue}", "domains/default", "system"])
@pytest.mark.parametrize("actor", ["users", "groups"])
@pytest.mark.parametrize("inherited", [False, True])
def test_grants(place: str, actor: str, inherited: bool, admin: Api, blue: Project) -> None:
    if inherited and place == "system":
        return
    row = factories.UserFactory() if actor == "users" else factories.GroupFactory()
    role = factories.RoleFactory()
    path = f"{place.format(blue=blue.id)}/{actor}/{row.id}/roles"
    listing = f"OS-INHERIT/{path}/inherited_to_projects" if inherited else path
    one = f"OS-INHERIT/{path}/{role.id}/inherited_to_projects" if inherited else f"{path}/{role.id}"
    assert admin.call("HEAD", one).status_code == 404
    assert admin.put(one).status_code == 204
    assert admin.put(one).status_code == 204
    assert admin.call("HEAD", one).status_code == 204
    assert [found["name"] for found in read(admin.get(listing))["roles"]] == ["member"]
    (shown,) = [
        entry
        for entry in read(admin.get(f"role_assignments?{noun(actor)}.id={row.id}"))["role_assignments"]
        if entry["links"]["assignment"].endswith(one)
    ]
    assert shown[noun(actor)] == {"id": row.id}
    assert ("OS-INHERIT:inherited_to" in shown["scope"]) is inherited
    assert admin.delete(one).status_code == 204
    assert admin.delete(one).status_code == 404
    assert admin.put(f"{path}/unknown").status_code == 404


def test_the_default_roles_stay(admin: Api) -> None:
    role = factories.RoleFactory(name="reader")
    assert admin.delete(f"roles/{role.id}").status_code == 403
    assert admin.patch(f"roles/{role.id}", role={"name": "x"}).status_code == 403
    assert read(admin.patch(f"roles/{role.id}", role={"description": "reads"}))["role"]["name"] == "reader"


@pytest.mark.parametrize("number", [2, 30])
def test_lists_cost_the_same_whatever_their_length(
    admin: Api, number: int, django_assert_max_num_queries: Any
) -> None:
    for _each in range(number):
        project = factories.ProjectFactory()
        project.tags.create(name="x")
        group = factories.GroupFactory()
        group.members.add(factories.UserFactory())
        factories.AssignmentFactory(project=project)
    for path, most in {
        "users": 2,
        "groups": 2,
        "projects": 3,
        "domains": 2,
        "roles": 2,
        "endpoints": 2,
    }.items():
        read(admin.get(path))  # the token is known from here on
        with django_assert_max_num_queries(most):
            read(admin.get(path))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("idp_id=https://id.example", ["far"]),
        ("unique_id=s-1", ["far"]),
        ("protocol_id=openid", ["far"]),
        ("protocol_id=ldap", ["near"]),
        ("protocol_id=saml2", []),
        ("password_expires_at=lt:2026-01-31T00:00:00Z", ["own"]),
        ("password_expires_at=2026-01-11T00:00:00Z", ["own"]),
        ("password_expires_at=gt:2026-01-31T00:00:00Z&name=own", []),
    ],
)
def test_how_users_sign_in(admin: Api, settings: Any, query: str, names: list[str]) -> None:
    settings.PASSWORD_DAYS = 10
    own, far, near = (factories.UserFactory(name=name) for name in ("own", "far", "near"))
    User.objects.filter(pk=own.pk).update(password="hash", password_changed_at="2026-01-01T00:00:00Z")
    for user, source in ((far, "https://id.example"), (near, ExternalIdentity.LDAP)):
        user.set_unusable_password()
        user.save()
        ExternalIdentity.objects.create(user=user, source=source, subject="s-1" if user is far else "s-2")
    assert [row["name"] for row in read(admin.get(f"users?{query}"))["users"]] == names


def test_no_password_expires_where_none_does(admin: Api) -> None:
    assert read(admin.get("users?password_expires_at=gt:2001-01-01T00:00:00Z"))["users"] == []


def test_a_time_of_expiry_that_is_none(admin: Api, settings: Any) -> None:
    settings.PASSWORD_DAYS = 10
    assert admin.get("users?password_expires_at=soon").status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role.id={reader}", {"of-project"}),
        ("scope.project.id={blue}", {"of-project"}),
        ("scope.domain.id=default", {"of-domain", "inherited"}),
        ("scope.system=all", {"of-system"}),
        ("scope.OS-INHERIT:inherited_to=projects", {"inherited"}),
        ("scope.project.id={blue}&role.id={member}", set()),
        ("scope.project.id=unknown", set()),
    ],
)
def test_assignments_are_found_by_each_part(admin: Api, blue: Project, query: str, found: set[str]) -> None:
    domain = Domain.objects.get(pk=Domain.DEFAULT_ID)

    def assign(name: str, role: str, **where: object) -> User:
        user = factories.UserFactory(name=name)
        factories.AssignmentFactory(user=user, role__name=role, **{"project": None, "domain": None} | where)
        return user

    users = {
        user.id: user.name
        for user in (
            assign("of-project", "reader", project=blue),
            assign("of-domain", "member", domain=domain),
            assign("inherited", "member", domain=domain, inherited=True),
            assign("of-system", "admin"),
        )
    }
    ids = {role.name: role.id for role in Role.objects.all()} | {"blue": blue.id}
    rows = read(admin.get(f"role_assignments?{query.format(**ids)}"))["role_assignments"]
    assert {users[row["user"]["id"]] for row in rows if row["user"]["id"] in users} == found


@pytest.mark.parametrize("path", [*MAKERS, "role_assignments?include_names=1"])
def test_lists_cost_as_many_queries_with_few_rows_as_with_many(admin: Api, path: str) -> None:
    costs = set()
    admin.get(path)  # reads the token once
    for _round in range(3):
        MAKERS[path.partition("?")[0]]()
        with CaptureQueriesContext(connection) as queries:
            admin.get(path)
        costs.add(len(queries))
    assert len(costs) == 1
