"""Who has which role where: what the pages say of it, and how it is given and taken."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import (
    Assignment,
    Project,
    User,
)
from accounts.services import roles
from tests import factories
from tests.portal.directory.pages import post, said, text


def test_a_users_page_says_where_each_role_comes_from(browser: Client, blue: Project, red: Project) -> None:
    ann = factories.UserFactory(name="ann")
    group = factories.GroupFactory(name="crew")
    group.members.add(ann)
    factories.AssignmentFactory(user=ann, project=blue)
    factories.AssignmentFactory(user=None, group=group, project=red, role__name="manager")
    below = factories.ProjectFactory(name="below", parent=red)
    factories.AssignmentFactory(user=None, group=group, project=red, inherited=True, role__name="reader")
    factories.AssignmentFactory(user=ann, project=None, role__name="admin")
    page = text(browser.get(f"/users/{ann.id}/"))
    for sentence in (
        "given here",
        "implied by member",
        "through the group crew",
        "implied by manager, through the group crew",
        "through the group crew, from the project red above",
        "implied by admin",
        "The whole system",
        f'href="/projects/{below.id}/"',
    ):
        assert sentence in page
    assert page.count("Take the role member from ann?") == 1


@pytest.mark.parametrize("place", ["projects", "domains", "system"])
@pytest.mark.parametrize("actor", ["users", "groups"])
def test_roles_are_given_and_taken(
    actor: str, place: str, browser: Client, blue: Project, django_assert_max_num_queries: Any
) -> None:
    who = factories.UserFactory(name="ann") if actor == "users" else factories.GroupFactory(name="ann")
    where = {"projects": f"projects/{blue.id}", "domains": "domains/default", "system": "system"}[place]
    role = roles.ensure_defaults()["manager"]
    before = Assignment.objects.count()
    fields = {"actor": f"{actor}/{who.id}", "place": where, "role": role.id, "inherited": "false"}
    assert said(post(browser, "/roles/give/", **fields)) == "Gave ann the role manager."
    assert Assignment.objects.count() == before + 1
    assert said(post(browser, "/roles/take/", **fields)) == "Took the role manager from ann."
    assert Assignment.objects.count() == before
    assert post(browser, "/roles/take/", **fields).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"actor": "users/nobody"}, 404),
        ({"actor": "robots/1"}, 400),
        ({"actor": ""}, 400),
        ({"place": "projects/nowhere"}, 404),
        ({"place": "planets/mars"}, 400),
        ({"place": ""}, 400),
        ({"place": "system", "inherited": "true"}, 400),
        ({"role": "nothing"}, 404),
        ({"role": "\0"}, 404),
        ({"inherited": "perhaps"}, 400),
    ],
)
def test_what_makes_no_sense_gives_nothing(
    wrong: dict[str, str], status: int, browser: Client, blue: Project, alice: User
) -> None:
    role = roles.ensure_defaults()["manager"]
    fields = {
        "actor": f"users/{alice.id}",
        "place": f"projects/{blue.id}",
        "role": role.id,
        "inherited": "false",
    }
    before = Assignment.objects.count()
    answer = post(browser, "/roles/give/", **(fields | wrong))
    assert answer.status_code == status
    assert said(answer)
    assert Assignment.objects.count() == before
