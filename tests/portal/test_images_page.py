"""The page of images: what stands there, taking one from an instance's menu, deleting one."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.images.models import Image, ImageMember
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.fixture
def browser(alice: User) -> Client:
    """A member's."""
    return signed_in(alice)


def own(project: Project, **fields: Any) -> Image:
    wanted = {"name": "golden", "size": 3 * 2**20} | fields
    return factories.ImageFactory(project=project, visibility="private", **wanted)


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_an_empty_page_says_how_to_begin(browser: Client) -> None:
    page = text(browser.get("/images/"))
    assert "No images of your own yet" in page
    assert "Take an image" in page
    assert 'href="/instances/"' in page


def test_own_ones_stand_with_state_size_and_origin(browser: Client, blue: Project, red: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    ready = own(blue, taken_from=web)
    half = own(blue, name="half", taken_from=web, status=Image.Status.SAVING)
    factories.OperationFactory(
        instance=web,
        kind="instance.take_image",
        parameters={"image": str(half.pk)},
        progress={"done": 1, "total": 4, "unit": "bytes"},
    )
    own(red, name="theirs")
    page = text(browser.get("/images/"))
    assert f'<a href="/instances/{web.pk}/">web</a>' in page
    assert "3 MiB" in page
    assert f'href="/instances/launch/?image={ready.pk}"' in page
    assert f"image={half.pk}" not in page
    assert "Being taken" in page
    assert '<progress value="1" max="4"' in page
    assert "theirs" not in page
    assert "Delete the image golden?" in page
    assert "Delete the image tiny?" not in page, "public ones are the administrators'"


def test_the_menu_leads_to_a_form_with_a_name(browser: Client, blue: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    assert f'href="/instances/{web.pk}/actions/take_image/"' in text(browser.get(f"/instances/{web.pk}/"))
    form = text(browser.get(f"/instances/{web.pk}/actions/take_image/"))
    assert 'value="web-20' in form
    answer = browser.post(f"/instances/{web.pk}/actions/take_image/", {"name": "golden"})
    assert answer.headers["Location"] == f"/instances/{web.pk}/"
    assert Image.objects.get(taken_from=web).name == "golden"


def test_launching_from_one(browser: Client, blue: Project) -> None:
    factories.ImageFactory(name="a first one")
    image = own(blue, min_ram_mib=1)
    page = text(browser.get(f"/instances/launch/?image={image.pk}"))
    assert f'value="{image.pk}" class="visually-hidden" checked' in page


def test_deleting_one(browser: Client, ruth: User, blue: Project, red: Project) -> None:
    image, foreign = own(blue), own(red)
    assert "Delete the image" not in text(signed_in(ruth).get("/images/"))
    assert signed_in(ruth).post(f"/images/{image.pk}/delete/").status_code == 403
    assert browser.post(f"/images/{foreign.pk}/delete/").status_code == 404
    answer = browser.post(f"/images/{image.pk}/delete/", headers=HTMX)
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "Deleted the image golden."
    assert f'id="image-{image.pk}"' not in browser.get("/images/").content.decode()
    used = own(blue)
    factories.InstanceFactory(project=blue, image=used, name="web")
    refused = browser.post(f"/images/{used.pk}/delete/", headers=HTMX)
    assert refused.status_code == 409
    assert "the disks of web stand on it" in refused.headers["HX-Trigger"]


def test_it_costs_a_constant_number_of_queries(browser: Client, blue: Project) -> None:
    costs = set()
    for _round in range(3):
        own(blue, taken_from=factories.InstanceFactory(project=blue))
        with CaptureQueriesContext(connection) as queries:
            browser.get("/images/")
        costs.add(len(queries))
    assert len(costs) == 1


@pytest.mark.parametrize(
    ("fields", "label", "colour"),
    [
        ({"status": "active"}, "Ready", "green"),
        ({"status": "deactivated"}, "Deactivated", "yellow"),
        ({"status": "queued"}, "No data yet", "secondary"),
        ({"status": "saving", "upload": uuid4()}, "Being uploaded", "blue"),
        ({"status": "error"}, "Error", "red"),
    ],
)
def test_each_state_is_called_what_it_is(
    browser: Client, blue: Project, fields: dict[str, Any], label: str, colour: str
) -> None:
    own(blue, **fields)
    page = text(browser.get("/images/"))
    assert f'data-colour="{colour}"' in page
    assert label in page
    assert ("Launch from golden" in page) == (label == "Ready")


@pytest.mark.parametrize(
    ("fields", "offered"), [({}, True), ({"protected": True}, False), ({"disk_format": "iso"}, True)]
)
def test_what_cannot_be_deleted_is_not_offered(
    browser: Client, blue: Project, fields: dict[str, Any], offered: bool
) -> None:
    image = own(blue, **fields)
    assert (f"/images/{image.pk}/delete/" in text(browser.get("/images/"))) == offered


def test_an_import_says_how_far_it_is_and_why_it_failed(browser: Client, blue: Project) -> None:
    image = own(blue, status=Image.Status.IMPORTING, task_state=Image.IMPORTING)
    operation = factories.OperationFactory(
        instance=image,
        subject_type="image",
        kind="image.import",
        progress={"done": 1, "total": 4, "unit": "bytes"},
    )
    page = text(browser.get("/images/"))
    assert '<span class="spinner" aria-hidden="true"></span>Being imported' in page
    assert 'aria-label="Fetch the data"' in page
    fault = {"code": "fetchFailed", "message": "https://example.org/x answered with status 404."}
    Image.objects.update(status=Image.Status.QUEUED, task_state=None, fault=fault)
    operation.delete()
    page = text(browser.get("/images/"))
    assert 'data-colour="red">Import failed' in page
    assert fault["message"] in page


def test_an_image_that_others_share_is_launched_and_not_deleted(
    browser: Client, blue: Project, red: Project
) -> None:
    theirs = factories.ImageFactory(project=red, visibility="shared", name="theirs")
    assert "theirs" not in text(browser.get("/images/"))
    ImageMember.objects.create(image=theirs, project=blue, status="accepted")
    page = text(browser.get("/images/"))
    assert "Launch from theirs" in page
    assert f"/images/{theirs.pk}/delete/" not in page


def test_an_import_is_an_operation_like_every_other(browser: Client, blue: Project, alice: User) -> None:
    image = own(blue, status=Image.Status.IMPORTING, task_state=Image.IMPORTING)
    began = {"name": "fetch", "label": "Fetch the data", "began": "2026-01-01T00:00:00", "ended": None}
    factories.OperationFactory(
        instance=image,
        subject_type="image",
        kind="image.import",
        state="running",
        step="fetch",
        user=alice,
        timeline=[began | {"undone": None}],
        progress={"done": 1, "total": 4, "unit": "bytes"},
    )
    page = text(browser.get("/activity/"))
    for part in ("Import", "golden", "Fetch the data", "25"):
        assert part in page
    assert "/cancel/" in page
