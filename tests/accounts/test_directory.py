"""Finding projects, users and groups, and what may be done to roles, lock-outs and the contents of projects."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden, NotFound
from accounts.models import AuditEvent, FailedAttempts, Project, Quota, Role, User
from accounts.services import (
    assignments,
    audit_trail,
    directory,
    lockouts,
    project_contents,
    projects,
    quotas,
    roles,
    tokens,
)
from tests import factories

HOSTILE = ["\0", "\ud800", "x" * 10_000, "' OR 1=1 --", "%", "_"]


def test_only_administrators_look_around(as_max: Context, max_: User, blue: Project) -> None:
    for find in (directory.projects, directory.users, directory.groups, directory.domains):
        with pytest.raises(Forbidden):
            find(as_max)
    stranger = factories.UserFactory()
    for deed in (
        lambda: assignments.role_sources(as_max, stranger),
        lambda: assignments.project_assignments_for_admin(as_max, blue),
        lambda: assignments.group_assignments_for_admin(as_max, factories.GroupFactory()),
        lambda: audit_trail.project_events(as_max, blue),
        lambda: audit_trail.user_events(as_max, max_),
        lambda: lockouts.lift(as_max, stranger.id),
        lambda: tokens.count(as_max, stranger.id),
        lambda: roles.replace_implied(as_max, Role.objects.get(name="reader").id, []),
        lambda: quotas.update_many(as_max, [blue.id], {"cores": 1}),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert assignments.role_sources(as_max, max_), "one's own roles are no secret"
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("search", HOSTILE)
def test_a_search_is_only_text(search: str, as_root: Context, blue: Project) -> None:
    for find in (directory.projects, directory.users, directory.groups):
        assert list(find(as_root, search=search)) == []


@pytest.mark.parametrize(
    "sort", ["", "name", "-name", "created", "-created", "domain", "-domain", "cores", "-ram", "?"]
)
def test_every_order_is_whole(sort: str, as_root: Context, blue: Project, red: Project, alice: User) -> None:
    assert set(directory.projects(as_root, sort=sort)) == {blue, red}
    assert set(directory.users(as_root, sort=sort)) == set(User.objects.all())
    group = factories.GroupFactory()
    assert list(directory.groups(as_root, sort=sort)) == [group]


def test_an_order_by_usage_goes_on_over_pages(as_root: Context, blue: Project) -> None:
    for number in range(5):
        project = factories.ProjectFactory(name=f"p{number}")
        factories.InstanceFactory.create_batch(number, project=project)
    names = [
        project.name
        for number in (1, 2, 3)
        for project in directory.projects(as_root, sort="-instances", number=number, size=2)
    ]
    assert names == ["p4", "p3", "p2", "p1", "blue", "p0"]


def test_a_lock_is_seen_and_lifted(as_root: Context, alice: User, bob: User) -> None:
    """A wait that is over locks nobody, nor one of a device that the user knows, or of a namesake elsewhere."""
    soon, lately = timezone.now() + timedelta(minutes=1), timezone.now() - timedelta(minutes=1)
    for name, domain, device, until in (
        ("alice", "default", "", soon),
        ("alice", "default", "192.0.2.1", soon),
        ("bob", "default", "", lately),
        ("bob", "default", "192.0.2.1", soon),
        ("bob", "elsewhere", "", soon),
    ):
        FailedAttempts.objects.create(name=name, domain=domain, device=device, count=9, locked_until=until)
    assert list(lockouts.unscoped_locked_users(User.objects.all())) == [alice]
    assert lockouts.locked_ids([alice, bob]) == {alice.id}
    lockouts.lift(as_root, alice.id)
    assert lockouts.locked_ids([alice, bob]) == set()
    assert FailedAttempts.objects.filter(name="bob").count() == 3
    assert not FailedAttempts.objects.filter(name="alice").exists()


def test_project_contents_are_named_and_counted(as_root: Context, red: Project) -> None:
    assert project_contents.describe(red.id) == ""
    assert project_contents.shorten(["a", "b", "c"]) == "a, b, c"
    assert project_contents.shorten(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    factories.ImageFactory(project=red, name="golden")
    with pytest.raises(Conflict, match=r"The project red is not empty\. Images: golden\."):
        projects.delete(as_root, red.id)
    factories.ProjectFactory(parent=red, name="pink")
    with pytest.raises(Forbidden, match="pink"):
        projects.delete(as_root, red.id)


def test_a_refused_deletion_forgets_nothing(as_root: Context, red: Project) -> None:
    gone = factories.InstanceFactory(project=red, vm_state="deleted")
    factories.InstanceFactory(project=red)
    with pytest.raises(Conflict):
        projects.delete(as_root, red.id)
    gone.refresh_from_db()
    assert not AuditEvent.objects.filter(action="project.delete").exists()


def test_limits_of_many_are_all_or_none(as_root: Context, blue: Project, red: Project) -> None:
    with pytest.raises(NotFound):
        quotas.update_many(as_root, [blue.id, "nowhere"], {"cores": 1})
    with pytest.raises(BadInput):
        quotas.update_many(as_root, [blue.id] * (quotas.MOST + 1), {"cores": 1})
    assert not Quota.objects.exists()
    quotas.update_many(as_root, [blue.id, red.id], {"cores": 1})
    assert {event.project_id for event in audit_trail.project_events(as_root, blue)} == {blue.id}


def test_implied_roles_are_put_in_the_place_of_others(as_root: Context) -> None:
    made = roles.ensure_defaults()
    auditor = roles.create(as_root, {"name": "auditor"})
    roles.replace_implied(as_root, auditor.id, [made["manager"].id])
    roles.replace_implied(as_root, auditor.id, [made["member"].id, made["service"].id])
    assert {rule.implied.name for rule in roles.implied(as_root)[auditor.id]} == {
        "member",
        "reader",
        "service",
    }
    with pytest.raises(Forbidden):
        roles.replace_implied(as_root, made["reader"].id, [auditor.id, made["member"].id])
    with pytest.raises(NotFound):
        roles.replace_implied(as_root, auditor.id, ["nothing"])
    roles.replace_implied(as_root, made["manager"].id, [])
    assert {rule.implied.name for rule in roles.implied(as_root)[made["manager"].id]} == {"member", "reader"}
    assert made["reader"].id not in roles.implied(as_root)


def test_ways_leaves_none_out(as_root: Context, blue: Project) -> None:
    ann = factories.UserFactory()
    crew, team = factories.GroupFactory.create_batch(2)
    for group in (crew, team):
        group.members.add(ann)
        factories.AssignmentFactory(user=None, group=group, project=blue, role__name="reader")
    sources = {way.source.group for way in assignments.role_sources(as_root, ann)}
    assert sources == {crew, team}
    assert len([row for row in assignments.effective_for_admin(as_root) if row.user == ann]) == 1
