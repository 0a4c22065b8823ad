"""Who administers a domain administers that alone, and does not become an administrator of the cloud by it."""

from collections.abc import Callable

import pytest

from accounts.context import Context, for_user
from accounts.errors import Forbidden
from accounts.models import Assignment, Domain, Group, Project, Role, SecondFactor, User
from accounts.services import (
    application_credentials,
    assignments,
    directory,
    groups,
    invitations,
    lockouts,
    projects,
    second_factor,
    sessions,
    tokens,
    users,
)
from accounts.services.assignments import Holding
from accounts.services.tokens import Scope
from tests import factories

ADMINISTRATORS = ("admin", "manager")


@pytest.fixture
def school(db: None) -> Domain:
    return factories.DomainFactory(id="school", name="School")


@pytest.fixture
def lab(school: Domain) -> Project:
    return factories.ProjectFactory(name="lab", domain=school)


@pytest.fixture
def pupil(school: Domain) -> User:
    return factories.UserFactory(name="pupil", domain=school)


@pytest.fixture(params=ADMINISTRATORS)
def head(request: pytest.FixtureRequest, school: Domain) -> User:
    """Administers the domain, with either role."""
    user = factories.UserFactory(name="head", domain=school)
    factories.AssignmentFactory(user=user, project=None, domain=school, role__name=request.param)
    return user


@pytest.fixture(params=["token", "page"])
def as_head(request: pytest.FixtureRequest, head: User, school: Domain) -> Context:
    if request.param == "page":
        return for_user(head, None)
    return tokens.issue(head, ["password"], Scope(domain=school)).valid.context()


def role(name: str) -> Role:
    return factories.RoleFactory(name=name)


def test_a_domain_is_administered(as_head: Context, school: Domain, lab: Project, pupil: User) -> None:
    made = users.create(as_head, {"name": "new"})
    assert made.domain == school
    users.update(as_head, pupil.id, {"password": "new horse 1 battery"})
    team = groups.create(as_head, {"name": "team"})
    groups.add_member(as_head, team.id, pupil.id)
    room = projects.create(as_head, {"name": "room"})
    assert (team.domain, room.domain) == (school, school)
    for holding in (
        Holding(user=pupil, project=lab),
        Holding(group=team, project=room),
        Holding(user=pupil, domain=school),
        Holding(group=team, domain=school, inherited=True),
    ):
        for name in ("manager", "member", "reader"):
            assignments.grant(as_head, holding, role(name).id)
            assignments.revoke(as_head, holding, role(name).id)
    link = invitations.invite(as_head, {"name": "guest", "project": lab.id, "role": "member"})
    assert link.user.domain == school
    assert invitations.reset(as_head, pupil.id).user == pupil
    lockouts.lift(as_head, pupil.id)
    sessions.end_everywhere(as_head, pupil.id)
    groups.delete(as_head, team.id)
    projects.delete(as_head, room.id)
    users.delete(as_head, made.id)


def test_only_what_is_in_the_domain_is_seen(
    as_head: Context, school: Domain, lab: Project, pupil: User, alice: User, blue: Project
) -> None:
    factories.GroupFactory(name="blues")
    assert {user.name for user in directory.users(as_head)} == {"head", "pupil"}
    assert [project.name for project in directory.projects(as_head)] == ["lab"]
    assert list(directory.groups(as_head)) == []
    assert directory.domains(as_head) == [school]
    assert {row.user for row in assignments.all_for_admin(as_head)} == {as_head.user}
    factories.AssignmentFactory(user=pupil, project=blue)
    assert assignments.role_sources(as_head, pupil) == []
    assert pupil not in {row.user for row in assignments.effective_for_admin(as_head)}


FOREIGN: dict[str, Callable[[Context, User, Group, Project], object]] = {
    "password": lambda by, user, group, project: users.update(
        by, user.id, {"password": "new horse 1 battery"}
    ),
    "reset link": lambda by, user, group, project: invitations.reset(by, user.id),
    "delete user": lambda by, user, group, project: users.delete(by, user.id),
    "second factor": lambda by, user, group, project: second_factor.disable(by, user.id),
    "sessions": lambda by, user, group, project: sessions.end_everywhere(by, user.id),
    "unlock": lambda by, user, group, project: lockouts.lift(by, user.id),
    "rename group": lambda by, user, group, project: groups.update(by, group.id, {"name": "mine"}),
    "join group": lambda by, user, group, project: groups.add_member(by, group.id, by.user.id),
    "delete group": lambda by, user, group, project: groups.delete(by, group.id),
    "disable project": lambda by, user, group, project: projects.update(by, project.id, {"enabled": False}),
    "delete project": lambda by, user, group, project: projects.delete(by, project.id),
}
"""What would take over, or shut out, whoever it is done to."""

MIGHTY = [
    (deed, way)
    for deed in FOREIGN
    for way in ("user", "group", "system", "inherited")
    if "project" not in deed or way in ("user", "group")
]
"""With the ways to administer the cloud; a project gives it only by a role on itself."""


@pytest.mark.parametrize("deed", FOREIGN)
def test_other_domains_are_out_of_reach(as_head: Context, deed: str, alice: User, blue: Project) -> None:
    with pytest.raises(Forbidden):
        FOREIGN[deed](as_head, alice, factories.GroupFactory(name="blues"), blue)


@pytest.mark.parametrize(("deed", "way"), MIGHTY)
def test_who_administers_the_cloud_is_out_of_reach_in_the_same_domain_too(
    as_head: Context, school: Domain, lab: Project, pupil: User, deed: str, way: str
) -> None:
    """Their password would be the cloud's."""
    team = factories.GroupFactory(name="team", domain=school)
    SecondFactor.objects.create(user=pupil, sealed_secret="x", last_step=0)
    actor = {"user": None, "group": team} if way == "group" or "group" in deed else {"user": pupil}
    if way == "group":
        team.members.add(pupil)
    if way == "inherited":
        place = {"project": None, "domain": school, "inherited": True}
    else:
        place = {"project": None if way == "system" else lab}
    factories.AssignmentFactory(**actor, **place, role__name="admin")
    with pytest.raises(Forbidden, match="administration of the cloud"):
        FOREIGN[deed](as_head, pupil, team, lab)


@pytest.mark.parametrize("name", ["admin", "service", "auditor"])
def test_nobody_gives_what_they_may_not(as_head: Context, school: Domain, lab: Project, name: str) -> None:
    for holding in (
        Holding(user=as_head.user, project=lab),
        Holding(user=as_head.user, domain=school),
        Holding(user=as_head.user, domain=school, inherited=True),
    ):
        for change in (assignments.grant, assignments.revoke):
            with pytest.raises(Forbidden, match="give the roles manager, member, reader"):
                change(as_head, holding, role(name).id)
    with pytest.raises(Forbidden):
        invitations.invite(as_head, {"name": "guest", "project": lab.id, "role": name})
    assert not User.objects.filter(name="guest").exists()


def test_roles_are_given_within_the_domain_only(
    as_head: Context, school: Domain, lab: Project, pupil: User, alice: User, blue: Project
) -> None:
    before = Assignment.objects.count()
    for holding in (
        Holding(user=pupil, project=blue),
        Holding(user=pupil, domain=blue.domain),
        Holding(user=alice, project=lab),
        Holding(user=pupil),
    ):
        with pytest.raises(Forbidden):
            assignments.grant(as_head, holding, role("reader").id)
    assert Assignment.objects.count() == before


@pytest.mark.parametrize("name", ["member", "reader"])
def test_members_and_readers_of_a_domain_look_only(
    school: Domain, lab: Project, pupil: User, name: str
) -> None:
    factories.AssignmentFactory(user=pupil, project=None, domain=school, role__name=name)
    context = for_user(pupil, None)
    assert [project.name for project in directory.projects(context)] == ["lab"]
    for deed in (
        lambda: users.create(context, {"name": "new"}),
        lambda: groups.create(context, {"name": "new"}),
        lambda: projects.create(context, {"name": "new"}),
        lambda: assignments.grant(context, Holding(user=pupil, project=lab), role("manager").id),
        lambda: users.update(context, context.user.id, {"enabled": True}),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_a_disabled_domain_is_nobodys(school: Domain, head: User) -> None:
    school.enabled = False
    school.save()
    assert for_user(head, None).domain_roles == {}


def test_a_role_for_projects_below_is_none_on_the_domain(school: Domain, pupil: User) -> None:
    factories.AssignmentFactory(user=pupil, project=None, domain=school, inherited=True, role__name="manager")
    assert for_user(pupil, None).domain_roles == {}


def test_credentials_of_its_users_can_be_revoked(as_head: Context, lab: Project, pupil: User) -> None:
    credential = pupil.application_credentials.create(project=lab, name="robot", secret_hash="x")
    application_credentials.delete(as_head, pupil.id, credential.id)
    assert not pupil.application_credentials.exists()
