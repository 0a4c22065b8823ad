"""Every deed against every role, and the ways a role comes about."""

import re

import pytest

from accounts import policy
from accounts.context import Context, for_user, projects_of
from accounts.errors import Forbidden
from accounts.models import Project, User
from compute.instances.actions import ACTIONS
from tests import factories

LADDER = ["", "reader", "member", "manager", "admin"]
"""Each role may all that the ones before it may; the first is no role at all."""


def context(role: str) -> Context:
    held = frozenset(LADDER[1 : LADDER.index(role) + 1])
    return Context(user=User(name="somebody"), project=None, roles=held)


@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize(("deed", "least"), policy.RULES.items())
def test_a_deed_needs_its_role_or_one_above(deed: str, least: str, role: str) -> None:
    may = LADDER.index(role) >= LADDER.index(least)
    assert policy.allows(context(role), deed) is may
    if may:
        policy.enforce(context(role), deed)
    else:
        with pytest.raises(Forbidden, match=rf"needs the role {least}\b"):
            policy.enforce(context(role), deed)


@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize(
    "deed", ["", "instance:", "instance:fly", "instance", "INSTANCE:READ", "quota:write "]
)
def test_what_has_no_rule_is_nobodys(deed: str, role: str) -> None:
    assert not policy.allows(context(role), deed)
    with pytest.raises(Forbidden, match="Your role does not allow this"):
        policy.enforce(context(role), deed)


def test_a_role_of_no_name_opens_nothing() -> None:
    """An empty role must not meet the empty answer for unknown deeds."""
    empty = Context(user=User(name="somebody"), project=None, roles=frozenset({""}))
    assert not policy.allows(empty, "instance:fly")


def test_every_verb_has_a_rule_and_every_rule_is_well_formed() -> None:
    assert {f"instance:{verb}" for verb in ACTIONS} <= set(policy.RULES)
    assert all(re.fullmatch(r"[a-z_]+:[a-z_]+", deed) for deed in policy.RULES)
    assert set(policy.RULES.values()) <= set(LADDER)


@pytest.mark.parametrize("role", [*LADDER[1:], "service"])
def test_a_role_brings_all_that_it_implies(blue: Project, role: str) -> None:
    user = factories.AssignmentFactory(project=blue, role__name=role).user
    expected = {"service"} if role == "service" else set(LADDER[1 : LADDER.index(role) + 1])
    assert for_user(user, blue.id).roles == expected


def test_the_wanted_project_then_the_default_then_the_first(blue: Project, red: Project) -> None:
    user = factories.UserFactory(default_project=red)
    for project in (blue, red):
        factories.AssignmentFactory(user=user, project=project)
    assert for_user(user, blue.id).project == blue
    assert for_user(user, None).project == red
    assert for_user(user, "unknown").project == red
    user.default_project = None
    assert for_user(user, None).project == blue


def test_a_foreign_project_cannot_be_entered(alice: User, red: Project, blue: Project) -> None:
    assert for_user(alice, red.id).project == blue


def test_roles_of_one_project_do_not_count_in_another(blue: Project, red: Project, alice: User) -> None:
    factories.AssignmentFactory(user=alice, project=red, role__name="manager")
    assert for_user(alice, red.id).roles == {"manager", "member", "reader"}
    assert for_user(alice, blue.id).roles == {"member", "reader"}


def test_a_role_on_the_system_counts_everywhere(root: User, red: Project) -> None:
    factories.AssignmentFactory(user=root, project=red, role__name="reader")
    assert for_user(root, red.id).is_admin


@pytest.mark.parametrize("closed", ["project", "domain"])
def test_what_is_disabled_gives_no_role(alice: User, blue: Project, closed: str) -> None:
    row = blue if closed == "project" else blue.domain
    row.enabled = False
    row.save()
    answer = for_user(alice, blue.id)
    assert (answer.project, answer.roles) == (None, frozenset())
    assert projects_of(alice) == []


def test_a_context_costs_one_query(alice: User, blue: Project, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        for_user(alice, blue.id)
