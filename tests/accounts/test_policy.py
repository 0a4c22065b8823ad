"""Every rule against every role, and the ways a role comes about."""

import ast
import re
from importlib import import_module

import pytest
from django.conf import settings

from accounts import policy
from accounts.context import Context, for_user, projects_of
from accounts.errors import Forbidden
from accounts.models import Project, User
from compute.engine.actions import registry
from tests import factories
from tests.instance_actions import ACTIONS

LADDER = ["", "reader", "member", "manager", "admin"]
"""Each role may all that the ones before it may; the first is no role at all."""


def context(role: str) -> Context:
    held = frozenset(LADDER[1 : LADDER.index(role) + 1])
    return Context(user=User(name="somebody"), project=None, roles=held)


@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize(("rule", "least"), policy.RULES.items())
def test_a_rule_needs_its_role_or_one_above(rule: str, least: str, role: str) -> None:
    may = LADDER.index(role) >= LADDER.index(least)
    assert policy.allows(context(role), rule) is may
    if may:
        policy.enforce(context(role), rule)
    else:
        with pytest.raises(Forbidden, match=rf"need the role “{least}”"):
            policy.enforce(context(role), rule)


@pytest.mark.parametrize("role", LADDER)
@pytest.mark.parametrize(
    "rule", ["", "instance:", "instance:fly", "instance", "INSTANCE:READ", "quota:write "]
)
def test_what_has_no_rule_is_nobodys(rule: str, role: str) -> None:
    assert not policy.allows(context(role), rule)
    with pytest.raises(Forbidden, match="Your role does not allow this"):
        policy.enforce(context(role), rule)


def test_a_role_of_no_name_opens_nothing() -> None:
    """An empty role must not meet the empty answer for unknown rules."""
    empty = Context(user=User(name="somebody"), project=None, roles=frozenset({""}))
    assert not policy.allows(empty, "instance:fly")


def test_every_verb_has_a_rule_and_every_rule_is_well_formed() -> None:
    assert {f"instance:{verb}" for verb in ACTIONS} <= set(policy.RULES)
    assert all(re.fullmatch(r"[a-z_]+:[a-z_]+", rule) for rule in policy.RULES)
    assert set(policy.RULES.values()) <= set(LADDER)


def test_a_role_on_a_domain_counts_for_some_rules_and_for_none_more() -> None:
    """Readers of a domain may read what a cloud's administrator may; nobody may write there with less than manager."""
    assert set(policy.DOMAIN_RULES) <= set(policy.RULES)
    for rule, least in policy.DOMAIN_RULES.items():
        assert least == ("manager" if rule.endswith(":write") else "reader")
    there = Context(
        user=User(name="somebody"), project=None, domain_roles={"d": frozenset(LADDER[1:]), "e": frozenset()}
    )
    for rule in policy.RULES:
        assert not policy.allows(there, rule)
        assert policy.domains(there, rule) == ({"d"} if rule in policy.DOMAIN_RULES else set())
        assert policy.allows_somewhere(there, rule) is (rule in policy.DOMAIN_RULES)
    assert not there.is_admin


def test_accounts_names_no_noun_of_compute() -> None:
    """Each area of compute registers its own rules; accounts could stand without any of them."""
    files = sorted((settings.BASE_DIR / "compute").glob("*/policy.py"))
    areas = {file.parent.name: import_module(f"compute.{file.parent.name}.policy").RULES for file in files}
    assert {"engine", "hosts", "networks", "images", "instances"} <= set(areas)
    nouns = {rule.partition(":")[0] for rules in areas.values() for rule in rules}
    assert {"instance", "image", "flavor", "network", "hypervisor"} <= nouns
    texts = {
        node.value
        for file in (settings.BASE_DIR / "accounts").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert "project:write" in texts
    assert not {text for text in texts if re.split("[:.]", text, maxsplit=1)[0] in nouns}
    registered = [rule for rules in areas.values() for rule in rules]
    for action in registry.actions().values():
        registered += [f"{action.noun}:{action.verb}", *action.rules]
    assert len(registered) == len(set(registered))
    assert set(registered) == {rule for rule in policy.RULES if rule.partition(":")[0] in nouns}


def test_a_rule_is_registered_once() -> None:
    before = dict(policy.RULES)
    with pytest.raises(ValueError, match="project:write"):
        policy.register({"toy:wind": "member", "project:write": "reader"})
    assert before == policy.RULES


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
