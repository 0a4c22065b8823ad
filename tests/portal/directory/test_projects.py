"""The administrator's pages of projects: what they change, and what a person reads when it is refused."""

from typing import Any

import pytest
from django.test import Client

from accounts.context import Context, for_user
from accounts.models import (
    AuditEvent,
    Project,
    Quota,
    User,
)
from compute.instances.models import Instance
from tests import factories
from tests.portal.directory.pages import HTMX, post, said, text


def test_projects_are_sorted_by_what_they_use(browser: Client, blue: Project, red: Project) -> None:
    factories.InstanceFactory(project=red)
    most_first = text(browser.get("/projects/?sort=-instances"))
    assert most_first.index("Select red") < most_first.index("Select blue")
    least_first = text(browser.get("/projects/?sort=instances"))
    assert least_first.index("Select blue") < least_first.index("Select red")


def test_a_project_is_made_below_another(browser: Client, blue: Project) -> None:
    made = browser.post(
        "/projects/new/", {"name": "web", "parent_id": blue.id, "description": "The shop", "tags": "a, b,,a"}
    )
    project = Project.objects.get(name="web")
    assert made.headers["Location"] == f"/projects/{project.id}/"
    assert (project.parent, project.domain, project.description) == (blue, blue.domain, "The shop")
    assert [tag.name for tag in project.tags.all()] == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"name": ""}, 400, "Give a name."),
        ({"name": "blue"}, 409, "There is a project blue in this domain already."),
        ({"name": "x", "tags": "a/b"}, 400, "tags of up to 255 characters"),
        ({"name": "x", "parent_id": "nowhere"}, 400, "not one of the available choices"),
    ],
)
def test_the_form_says_what_is_wrong_with_a_project(
    fields: dict[str, str], status: int, sentence: str, browser: Client, blue: Project
) -> None:
    answer = browser.post("/projects/new/", fields)
    assert answer.status_code == status
    assert sentence in answer.content.decode()


def test_a_project_is_changed(browser: Client, blue: Project) -> None:
    blue.tags.create(name="old")
    assert 'value="old"' in text(browser.get(f"/projects/{blue.id}/edit/"))
    browser.post(f"/projects/{blue.id}/edit/", {"name": "navy", "description": "", "tags": "new"})
    blue.refresh_from_db()
    assert (blue.name, [tag.name for tag in blue.tags.all()]) == ("navy", ["new"])


def test_a_disabled_project_is_left_at_the_next_request(
    browser: Client, alice: User, as_alice: Context, blue: Project
) -> None:
    assert said(post(browser, f"/projects/{blue.id}/enabled/", enabled="false")) == "Disabled blue."
    assert for_user(alice, blue.id).project is None
    post(browser, f"/projects/{blue.id}/enabled/", enabled="true")
    assert for_user(alice, blue.id).project == blue
    assert post(browser, f"/projects/{blue.id}/enabled/", enabled="perhaps").status_code == 400


def test_a_refused_deletion_names_what_lives_in_the_project(browser: Client, red: Project) -> None:
    for number in range(5):
        factories.InstanceFactory(project=red, name=f"web-{number}", vm_state="stopped")
    factories.InstanceFactory(project=red, name="old", vm_state="soft-delete")
    factories.NetworkFactory(project=red, name="lab")
    refused = post(browser, f"/projects/{red.id}/delete/")
    assert refused.status_code == 409
    sentence = said(refused)
    assert "The project red is not empty. Instances: " in sentence
    assert " and 2 more. In the recycle bin: old. Networks: lab." in sentence
    assert Project.objects.filter(pk=red.pk).exists()


def test_what_is_gone_does_not_keep_a_project(browser: Client, red: Project) -> None:
    gone = factories.InstanceFactory(project=red, vm_state="deleted")
    factories.OperationFactory(instance=gone, state="succeeded")
    factories.AssignmentFactory(project=red)
    answer = post(browser, f"/projects/{red.id}/delete/", leave="1")
    assert answer.headers["HX-Redirect"] == "/projects/"
    assert not Project.objects.filter(pk=red.pk).exists()
    assert not Instance.objects.filter(pk=gone.pk).exists()
    assert AuditEvent.objects.get(action="project.delete").target_name == "red"


def test_many_projects_get_the_same_limits(browser: Client, blue: Project, red: Project) -> None:
    Quota.objects.create(project=red, resource="ram", limit=1)
    answer = post(browser, "/projects/limits/", ids=[blue.id, red.id], cores="4", ram="", instances=" ")
    assert said(answer) == "Changed the limits of 2 projects."
    rows = set(Quota.objects.values_list("project__name", "resource", "limit"))
    assert rows == {("blue", "cores", 4), ("red", "cores", 4), ("red", "ram", 1)}
    assert AuditEvent.objects.filter(action="quota.update").count() == 2


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"cores": "many", "ram": "5"}, 400, "vCPUs: Give a whole number"),
        ({"cores": ""}, 400, "at least one limit"),
        ({"cores": "1", "ids": []}, 400, "Choose from 1"),
        ({"cores": "1", "ids": ["nowhere"]}, 404, "Not found, or you have no access."),
    ],
)
def test_wrong_limits_change_no_project(
    fields: dict[str, Any], status: int, sentence: str, browser: Client, blue: Project, red: Project
) -> None:
    answer = post(browser, "/projects/limits/", **({"ids": [blue.id, red.id]} | fields))
    assert answer.status_code == status
    assert sentence in said(answer)
    assert not Quota.objects.exists()


def test_the_card_of_a_project_edits_its_limits_in_place(browser: Client, blue: Project) -> None:
    in_card = HTMX | {"HX-Target": "quota"}
    assert 'name="cores"' in text(browser.get(f"/projects/{blue.id}/?limits", headers=in_card))
    wrong = text(browser.post(f"/projects/{blue.id}/quotas/", {"cores": "x"}, headers=in_card))
    assert "Give a whole number" in wrong
    right = text(browser.post(f"/projects/{blue.id}/quotas/", {"cores": "3"}, headers=in_card))
    assert right.startswith("<section")
    assert "of 3" in right


def test_a_projects_page_says_where_each_role_comes_from(browser: Client, blue: Project, alice: User) -> None:
    below = factories.ProjectFactory(name="below", parent=blue)
    group = factories.GroupFactory(name="crew")
    factories.AssignmentFactory(user=None, group=group, project=blue, inherited=True)
    factories.AssignmentFactory(user=alice, project=None, domain=blue.domain, inherited=True)
    page = text(browser.get(f"/projects/{below.id}/"))
    assert "crew" in page
    assert "from the project blue above" in page
    assert "from the domain Default" in page
    assert "Take the role" not in page, "what comes from elsewhere is taken away there"
    above = text(browser.get(f"/projects/{blue.id}/"))
    assert "on the projects below only" in above
    assert "Take the role member from crew" in above
