"""The pages of flavors: what administrators make, change and delete, and what they read when it is refused."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Project, User
from compute.instances.models import Flavor
from tests import factories

HTMX = {"HX-Request": "true"}
GIVEN = {"name": "gpu.large", "vcpus": "4", "ram_mib": "8192", "disk_gib": "40", "is_public": "on"}


@pytest.fixture
def browser(root: User) -> Client:
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_one_is_made_shown_changed_and_deleted(browser: Client) -> None:
    answer = browser.post("/flavors/new/", GIVEN | {"extra_specs": "hw:watchdog_action=reset\n\n"})
    assert (answer.status_code, answer.url) == (302, "/flavors/")
    flavor = Flavor.objects.get(name="gpu.large")
    assert (flavor.vcpus, flavor.ram_mib, flavor.disk_gib, flavor.is_public) == (4, 8192, 40, True)
    factories.InstanceFactory(flavor=flavor)
    page = text(browser.get("/flavors/"))
    assert "gpu.large" in page
    assert "hw:watchdog_action=reset" in page
    changed = {"description": "With a card", "extra_specs": "hw:watchdog_action=poweroff"}
    assert browser.post(f"/flavors/{flavor.pk}/edit/", changed).status_code == 302
    flavor.refresh_from_db()
    assert flavor.description == "With a card"
    assert flavor.extra_specs == {"hw:watchdog_action": "poweroff"}
    assert flavor.vcpus == 4
    answer = browser.post(f"/flavors/{flavor.pk}/delete/", headers=HTMX)
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "Deleted the flavor gpu.large."
    assert not Flavor.objects.filter(name="gpu.large").exists()
    deeds = AuditEvent.objects.filter(target_type="flavor").values_list("action", flat=True)
    assert set(deeds) == {"flavor.create", "flavor.update", "flavor.delete"}


def test_one_for_single_projects(browser: Client, blue: Project, red: Project) -> None:
    given = GIVEN | {"projects": [blue.pk, red.pk]}
    del given["is_public"]
    browser.post("/flavors/new/", given)
    flavor = Flavor.objects.get(name="gpu.large")
    assert {project.name for project in flavor.projects.all()} == {"blue", "red"}
    assert "2 projects" in text(browser.get("/flavors/"))
    browser.post(f"/flavors/{flavor.pk}/edit/", {"projects": [red.pk]})
    assert [project.name for project in flavor.projects.all()] == ["red"]
    browser.post(f"/flavors/{flavor.pk}/edit/", {"projects": [], "description": ""})
    assert "administrators" in text(browser.get("/flavors/"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"vcpus": "0"}, "from 1 to 256"),
        ({"ram_mib": "much"}, "from 32 to"),
        ({"disk_gib": ""}, "from 0 to"),
        ({"name": ""}, "name"),
        ({"extra_specs": "hw:x=1\nnonsense"}, "Line 2 is no key=value."),
        ({"is_public": "", "projects": "nowhere"}, "nowhere is not one of the available choices."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(browser: Client, wrong: dict[str, str], said: str) -> None:
    answer = browser.post("/flavors/new/", GIVEN | wrong)
    assert answer.status_code == 400
    assert said in text(answer)
    assert not Flavor.objects.exists()


def test_a_name_is_taken_once(browser: Client) -> None:
    assert browser.post("/flavors/new/", GIVEN).status_code == 302
    answer = browser.post("/flavors/new/", GIVEN)
    assert answer.status_code == 409
    assert "already" in text(answer)


def test_a_name_is_text_wherever_it_stands(browser: Client) -> None:
    factories.FlavorFactory(name='"><script>alert(1)</script>')
    page = browser.get("/flavors/").content.decode()
    assert "<script>alert" not in page
    assert "&amp;lt;" not in page, "escaped twice"


def test_the_empty_page_says_what_to_do(browser: Client) -> None:
    assert "Create the first" in text(browser.get("/flavors/"))


def test_forty_cost_as_many_queries_as_one(browser: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/flavors/").status_code == 200
        return len(captured)

    factories.FlavorFactory()
    one = queries()
    factories.FlavorFactory.create_batch(40)
    assert queries() == one


@pytest.mark.parametrize("flavor_id", ["m1/small", "detail", "new"])
def test_one_that_an_older_version_took_is_shown_and_goes(browser: Client, flavor_id: str) -> None:
    """No page fails on what is stored, whatever its id."""
    flavor = factories.FlavorFactory(id=flavor_id, name="stored")
    page = browser.get("/flavors/").content.decode()
    assert "stored" in page
    address = reverse("flavor-delete", args=[flavor.pk])
    assert address in page
    assert browser.post(address).status_code == 302
    assert not Flavor.objects.filter(pk=flavor_id).exists()
