"""The pages of volume types: what administrators make, change and delete, and what they read when it is refused."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.volumes.models import VolumeType
from tests import factories
from tests.portal.test_routes import signed_in
from tests.portal.volumes.pages import HTMX, text, toast

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(root: User) -> Client:
    """An administrator's."""
    return signed_in(root)


def test_the_default_one_is_always_there_and_stays(browser: Client) -> None:
    page = text(browser.get("/volume-types/"))
    assert "standard" in page
    assert 'href="/volume-types/" aria-current="page"' in page
    assert "Default" in page
    standard = VolumeType.objects.get()
    assert f"/volume-types/{standard.pk}/delete/" not in page
    refused = browser.post(f"/volume-types/{standard.pk}/delete/", headers=HTMX)
    assert refused.status_code == 409
    assert "is the default type" in toast(refused)


def test_one_is_made_changed_and_deleted(browser: Client) -> None:
    sent = {"name": "fast", "public": "on", "extra_specs": "volume_backend_name=ssd"}
    answer = browser.post("/volume-types/new/", sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/volume-types/")
    fast = VolumeType.objects.get(name="fast")
    assert (fast.public, fast.extra_specs) == (True, {"volume_backend_name": "ssd"})
    changed = {"name": "faster", "public": "on", "description": "SSDs", "extra_specs": "media=ssd"}
    assert browser.post(f"/volume-types/{fast.pk}/edit/", changed).status_code == 302
    fast.refresh_from_db()
    assert (fast.name, fast.description, fast.extra_specs) == ("faster", "SSDs", {"media": "ssd"})
    page = text(browser.get("/volume-types/"))
    assert "media=ssd" in page
    assert "Delete the volume type faster?" in page
    answer = browser.post(f"/volume-types/{fast.pk}/delete/", headers=HTMX)
    assert toast(answer) == "Deleted the volume type faster."
    assert not VolumeType.objects.filter(pk=fast.pk).exists()


def test_one_for_single_projects(browser: Client, alice: User, blue: Project, red: Project) -> None:
    browser.post("/volume-types/new/", {"name": "secret", "projects": [blue.pk, red.pk]})
    secret = VolumeType.objects.get(name="secret")
    assert "2 projects" in text(browser.get("/volume-types/"))
    assert '<option value="secret"' in text(signed_in(alice).get("/volumes/create/"))
    browser.post(f"/volume-types/{secret.pk}/edit/", {"name": "secret", "projects": [red.pk]})
    assert [project.name for project in secret.projects.all()] == ["red"]
    assert '<option value="secret"' not in text(signed_in(alice).get("/volumes/create/"))


def test_a_refused_form_keeps_everything(browser: Client) -> None:
    factories.VolumeTypeFactory(name="fast")
    answer = browser.post("/volume-types/new/", {"name": "fast", "description": "SSDs", "public": "on"})
    assert answer.status_code == 409
    assert "There is a volume type fast already." in text(answer)
    assert "SSDs" in text(answer)
    answer = browser.post("/volume-types/new/", {"name": "slow", "extra_specs": "nonsense"})
    assert answer.status_code == 400
    assert "Line 1 is no key=value." in text(answer)
    assert not VolumeType.objects.filter(name="slow").exists()


def test_one_that_volumes_have_says_how_many(browser: Client, blue: Project) -> None:
    used = factories.VolumeTypeFactory(name="used")
    factories.VolumeFactory.create_batch(2, project=blue, type=used)
    page = text(browser.get("/volume-types/"))
    assert '<td class="cell-number" data-label="Volumes">2</td>' in page
    assert f"/volume-types/{used.pk}/delete/" not in page
    assert browser.post(f"/volume-types/{used.pk}/delete/", headers=HTMX).status_code == 409


def test_it_costs_a_constant_number_of_queries(browser: Client, blue: Project) -> None:
    browser.get("/volume-types/")
    costs = set()
    for _round in range(3):
        factories.VolumeTypeFactory(public=False).projects.add(blue)
        with CaptureQueriesContext(connection) as queries:
            browser.get("/volume-types/")
        costs.add(len(queries))
    assert len(costs) == 1
