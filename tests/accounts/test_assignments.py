"""Roles from every side: one's own and a group's, on projects, domains and the system, inherited and implied."""

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from accounts.context import Context, for_user, projects_of
from accounts.errors import Forbidden
from accounts.models import Assignment, Project, Role, RoleInference, User
from accounts.services import assignments, roles
from tests import factories


@pytest.fixture
def ann(db: None) -> User:
    return factories.UserFactory(name="ann")


@pytest.fixture
def tree(blue: Project) -> list[Project]:
    """blue and four projects, each below the one before."""
    line = [blue]
    for number in range(4):
        line.append(factories.ProjectFactory(name=f"below-{number}", parent=line[-1]))
    return line


def names(user: User, **place: object) -> set[str]:
    return set(assignments.roles_of(user, **place).values())  # type: ignore[arg-type]


def test_a_groups_role_is_every_members(ann: User, blue: Project, bob: User) -> None:
    group = factories.GroupFactory()
    factories.AssignmentFactory(user=None, group=group, project=blue)
    assert names(ann, project=blue) == set()
    group.members.add(ann, bob)
    assert names(ann, project=blue) == {"member", "reader"}
    assert for_user(ann, None).project == blue
    assert projects_of(ann) == [blue]
    group.members.remove(ann)
    assert (for_user(ann, None).project, projects_of(ann)) == (None, [])


def test_an_inherited_role_counts_below_and_not_on_its_own_place(ann: User, tree: list[Project]) -> None:
    factories.AssignmentFactory(user=ann, project=tree[1], inherited=True)
    for place, project in enumerate(tree):
        expected = {"member", "reader"} if place > 1 else set()
        assert names(ann, project=project) == expected
        assert for_user(ann, project.id).roles == (expected or {"member", "reader"})
    assert projects_of(ann) == tree[2:]


def test_a_domain_gives_its_projects_what_is_inherited_only(ann: User, blue: Project, red: Project) -> None:
    elsewhere = factories.ProjectFactory(domain=factories.DomainFactory(id="other", name="Other"))
    factories.AssignmentFactory(user=ann, project=None, domain=blue.domain, role__name="manager")
    assert names(ann, project=blue) == set()
    assert names(ann, domain=blue.domain) == {"manager", "member", "reader"}
    factories.AssignmentFactory(user=ann, project=None, domain=blue.domain, inherited=True)
    assert names(ann, project=blue) == names(ann, project=red) == {"member", "reader"}
    assert names(ann, project=elsewhere) == set()
    assert {project.name for project in projects_of(ann)} == {"blue", "red"}
    assert for_user(ann, red.id).roles == {"member", "reader"}


def test_a_system_role_is_no_projects_for_a_token(root: User, red: Project) -> None:
    assert "admin" in names(root, system=True)
    assert names(root, project=red) == set()
    assert names(root) == set()


def test_implied_roles_follow_further_rules(ann: User, blue: Project, db: None) -> None:
    factories.AssignmentFactory(user=ann, project=blue, role__name="auditor")
    auditor, member = Role.objects.get(name="auditor"), roles.ensure_defaults()["member"]
    RoleInference.objects.create(prior=auditor, implied=member, is_direct=True)
    roles.rebuild_closure()
    assert names(ann, project=blue) == {"auditor", "member", "reader"}
    RoleInference.objects.filter(prior=auditor, is_direct=True).delete()
    roles.rebuild_closure()
    assert names(ann, project=blue) == {"auditor"}


def test_rules_in_a_circle_end(db: None) -> None:
    made = roles.ensure_defaults()
    RoleInference.objects.create(prior=made["reader"], implied=made["admin"], is_direct=True)
    roles.rebuild_closure()
    roles.rebuild_closure()
    assert RoleInference.objects.filter(prior=made["reader"]).count() == 3


@pytest.mark.parametrize("wrong", ["no actor", "two actors", "two places", "inherited from the system"])
def test_rows_that_mean_nothing_cannot_be(wrong: str, ann: User, blue: Project) -> None:
    given = {
        "no actor": {"user": None, "project": blue},
        "two actors": {"user": ann, "group": factories.GroupFactory(), "project": blue},
        "two places": {"user": ann, "project": blue, "domain": blue.domain},
        "inherited from the system": {"user": ann, "project": None, "inherited": True},
    }[wrong]
    with pytest.raises(IntegrityError):
        factories.AssignmentFactory(**given)


@pytest.mark.parametrize("place", ["project", "domain", "system"])
@pytest.mark.parametrize("actor", ["user", "group"])
def test_the_same_twice_cannot_be(place: str, actor: str, ann: User, blue: Project) -> None:
    given: dict[str, object] = {"project": None, "role": factories.RoleFactory()}
    given |= {"project": {"project": blue}, "domain": {"domain": blue.domain}, "system": {}}[place]
    given |= {"user": ann} if actor == "user" else {"user": None, "group": factories.GroupFactory()}
    factories.AssignmentFactory(**given)
    with pytest.raises(IntegrityError):
        factories.AssignmentFactory(**given)


@pytest.mark.parametrize("number", [1, 20])
def test_queries_do_not_grow(ann: User, tree: list[Project], as_root: Context, number: int) -> None:
    group = factories.GroupFactory()
    group.members.add(ann, *(factories.UserFactory() for _each in range(number)))
    for _each in range(number):
        project = factories.ProjectFactory()
        factories.AssignmentFactory(user=ann, project=project)
        factories.AssignmentFactory(user=None, group=group, project=project, role__name="manager")
    assert queries(lambda: for_user(ann, None)) == 1
    factories.AssignmentFactory(user=ann, project=tree[0], inherited=True)
    assert queries(lambda: for_user(ann, tree[4].id)) == 2
    assert queries(lambda: projects_of(ann)) == 1
    assert queries(lambda: assignments.all_for_admin(as_root)) == 1
    assert queries(lambda: assignments.effective_for_admin(as_root)) == 5


def queries(call: object) -> int:
    with CaptureQueriesContext(connection) as found:
        call()  # type: ignore[operator]
    return len(found)


def test_listing_is_for_administrators(as_max: Context) -> None:
    for listing in (assignments.all_for_admin, assignments.effective_for_admin):
        with pytest.raises(Forbidden):
            listing(as_max)


def test_effective_names_where_each_role_comes_from(as_root: Context, ann: User, tree: list[Project]) -> None:
    group = factories.GroupFactory()
    group.members.add(ann)
    factories.AssignmentFactory(user=None, group=group, project=tree[3], inherited=True)
    mine = [row for row in assignments.effective_for_admin(as_root) if row.user == ann]
    assert {(row.role.name, row.project) for row in mine} == {("member", tree[4]), ("reader", tree[4])}
    assert {row.source for row in mine} == {Assignment.objects.get(group=group)}
