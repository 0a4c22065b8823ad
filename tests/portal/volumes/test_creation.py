"""The page that creates a volume, its preview, and what it refuses."""

import pytest
from django.test import Client

from accounts.models import Project, Quota
from compute.volumes.models import Volume
from compute.volumes.services.volume_request import VolumeRequest
from compute.volumes.states import VolumeTask
from portal import volume_plan
from tests import factories
from tests.portal.volumes.pages import HTMX, form, text

pytestmark = pytest.mark.django_db


def test_it_creates_what_was_chosen(browser: Client) -> None:
    page = text(browser.get("/volumes/create/"))
    assert '<option value="standard" selected>' in page
    sent = form(name="data", size="3", description="for the database", type="standard")
    answer = browser.post("/volumes/create/", sent)
    volume = Volume.objects.get()
    assert answer.headers["Location"] == f"/volumes/{volume.pk}/"
    assert (volume.name, volume.size_gib, volume.description) == ("data", 3, "for the database")
    assert volume.task_state == VolumeTask.CREATING


def test_only_the_chosen_source_counts(browser: Client, blue: Project) -> None:
    source = factories.VolumeFactory(project=blue, size_gib=2)
    image = factories.ImageFactory(virtual_size=2**30)
    ids = {"image_id": str(image.pk), "source_volume_id": str(source.pk), "size": ""}
    browser.post("/volumes/create/", form(name="copy", source="volume", **ids))
    browser.post("/volumes/create/", form(name="of-image", source="image", **ids))
    copy, of_image = (Volume.objects.get(name=name) for name in ("copy", "of-image"))
    assert (copy.source_volume_id, copy.size_gib, copy.image) == (source.pk, 2, None)
    assert (of_image.image, of_image.source_volume_id) == (image, None)


def test_a_source_that_is_half_chosen_is_refused(browser: Client) -> None:
    for source, sentence in (("image", "Choose an image."), ("volume", "Choose a volume.")):
        answer = browser.post("/volumes/create/", form(source=source))
        assert answer.status_code == 400
        assert sentence in text(answer)
    assert not Volume.objects.exists()


def test_a_refused_form_keeps_everything_and_names_the_field(browser: Client) -> None:
    sent = form(name="\u202egnol", size="many", description="for later", zone="nowhere")
    answer = browser.post("/volumes/create/", sent)
    page = text(answer)
    assert answer.status_code == 400
    assert "No volume was created." in page
    assert 'id="name-error"' in page
    assert "Give a whole number of GiB" in page
    assert "for later" in page
    assert 'value="many"' in page


def test_the_preview_says_the_least_size_and_the_command(browser: Client, blue: Project) -> None:
    source = factories.VolumeFactory(project=blue, name="golden", size_gib=4)
    page = text(browser.get(f"/volumes/create/?volume={source.pk}"))
    assert "golden – at least 4 GiB" in page
    chosen = form(source="volume", source_volume_id=str(source.pk), size="2")
    preview = text(browser.post("/volumes/create/preview/", chosen, headers=HTMX))
    assert "Its content needs at least 4 GiB." in preview
    assert " disabled" in preview
    preview = text(browser.post("/volumes/create/preview/", chosen | {"size": ""}, headers=HTMX))
    assert f"openstack volume create --size 4 --source {source.pk} data" in preview
    assert " disabled" not in preview


def test_what_begins_with_a_hyphen_is_no_option_of_the_command() -> None:
    wish = VolumeRequest(name="--help", description="-v", zone="-z", size=1)
    command = volume_plan.shell_command(wish, size_gib=1)
    words = "openstack volume create --size 1 --availability-zone=-z --description=-v -- --help"
    assert command == words


def test_what_the_quota_does_not_leave_is_refused_before_it_is_sent(browser: Client, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="gigabytes", limit=5)
    preview = text(browser.post("/volumes/create/preview/", form(size="6"), headers=HTMX))
    assert "over quota" in preview
    assert "Request 1 GiB of disk more" in preview
    assert " disabled" in preview
    answer = browser.post("/volumes/create/", form(size="6"))
    assert answer.status_code == 403
    assert "Not enough quota for Disk" in text(answer)


def test_the_largest_volume_of_the_project(browser: Client, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="per_volume_gigabytes", limit=3)
    preview = text(browser.post("/volumes/create/preview/", form(size="4"), headers=HTMX))
    assert "One volume may have at most 3 GiB in this project." in preview


def test_zones_are_a_choice_only_where_there_are_several(browser: Client) -> None:
    factories.HypervisorFactory()
    assert 'name="zone"' not in text(browser.get("/volumes/create/"))
    factories.HypervisorFactory(zone="north")
    assert '<option value="north">north</option>' in text(browser.get("/volumes/create/"))
