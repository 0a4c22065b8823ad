"""An image's page: its facts and form, sharing it, and fetching one from the web."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.images.models import Image, ImageMember
from compute.images.services.catalog import CATALOG
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def signed_in(user: User, project: Project | None = None) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    if project is not None:
        client.post("/projects/switch/", {"project": project.id})
    return client


@pytest.fixture
def browser(alice: User) -> Client:
    """A member's."""
    return signed_in(alice)


def own(project: Project, **fields: Any) -> Image:
    return factories.ImageFactory(project=project, **({"name": "golden", "visibility": "private"} | fields))


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_what_it_is(browser: Client, blue: Project, red: Project) -> None:
    image = own(blue, checksum="ab" * 32, properties={"hw_firmware_type": "uefi"}, tags=["web", "old"])
    page = text(browser.get(f"/images/{image.pk}/"))
    for fact in (
        "golden",
        "Ready",
        "QCOW2",
        "ab" * 32,
        "hw_firmware_type",
        "uefi",
        "web, old",
        "This project",
    ):
        assert fact in page
    assert f"/instances/launch/?image={image.pk}" in page
    assert f"/images/{image.pk}/edit/" in page
    assert browser.get(f"/images/{own(red).pk}/").status_code == 404


def test_another_projects_public_one_has_no_form(browser: Client, red: Project) -> None:
    image = own(red, visibility="public")
    assert f"/images/{image.pk}/edit/" not in text(browser.get(f"/images/{image.pk}/"))
    assert browser.get(f"/images/{image.pk}/edit/").status_code == 403


def test_it_is_edited(browser: Client, blue: Project) -> None:
    image = own(blue, properties={"old": "1", "kept": "2"}, description="first", min_disk_gib=2)
    address = f"/images/{image.pk}/edit/"
    assert 'value="golden"' in text(browser.get(address))
    fields = {
        "name": "silver",
        "visibility": "shared",
        "tags": "a, b,, a",
        "properties": "kept=2\nnew_one=3",
        "protected": "on",
        "min_ram": "256",
    }
    assert browser.post(address, fields).status_code == 302
    image.refresh_from_db()
    assert (image.name, image.description, image.visibility) == ("silver", "", "shared")
    assert (image.min_ram_mib, image.min_disk_gib, image.protected) == (256, 0, True)
    assert (image.tags, image.properties) == (["a", "b"], {"kept": "2", "new_one": "3"})
    for wrong in (
        {"visibility": "public"},
        {"min_ram": "-1"},
        {"properties": "no pair"},
        {"name": "a\u202eb"},
    ):
        assert browser.post(address, fields | wrong).status_code in {400, 403}, wrong
    image.refresh_from_db()
    assert image.name == "silver"


def test_it_is_shared_taken_and_withdrawn(
    browser: Client, alice: User, bob: User, blue: Project, red: Project
) -> None:
    image = own(blue, visibility="shared")
    other = signed_in(bob)
    address = f"/images/{image.pk}/"
    assert browser.post(f"{address}members/", {"project": "nowhere"}, headers=HTMX).status_code == 400
    assert browser.post(f"{address}members/", {"project": red.id}, headers=HTMX).status_code == 204
    assert browser.post(f"{address}members/", {"project": red.id}, headers=HTMX).status_code == 409
    assert "red" in text(browser.get(address))
    offer = text(other.get("/images/"))
    assert "shares the image" in offer
    assert "golden" in offer
    assert other.post(f"{address}answer/", {"status": "perhaps"}, headers=HTMX).status_code == 400
    assert other.post(f"{address}answer/", {"status": "accepted"}, headers=HTMX).status_code == 204
    assert "shares the image" not in text(other.get("/images/"))
    assert f'href="{address}"' in text(other.get("/images/"))
    assert other.post(f"{address}members/{red.id}/end/", headers=HTMX).status_code == 403
    assert browser.post(f"{address}members/{red.id}/end/", headers=HTMX).status_code == 204
    assert not ImageMember.objects.exists()
    assert f'href="{address}"' not in text(other.get("/images/"))


def test_a_declined_offer_is_gone(browser: Client, bob: User, blue: Project, red: Project) -> None:
    image = own(blue, visibility="shared")
    ImageMember.objects.create(image=image, project=red)
    other = signed_in(bob)
    assert other.post(f"/images/{image.pk}/answer/", {"status": "rejected"}).status_code == 302
    page = text(other.get("/images/"))
    assert "shares the image" not in page
    assert f'href="/images/{image.pk}/"' not in page
    assert "declined" in text(browser.get(f"/images/{image.pk}/"))


def test_it_is_deactivated_and_reactivated(browser: Client, blue: Project) -> None:
    image = own(blue)
    for verb, status in (("deactivate", "deactivated"), ("reactivate", "active")):
        assert browser.post(f"/images/{image.pk}/{verb}/").status_code == 302
        image.refresh_from_db()
        assert image.status == status


def test_deleting_leaves_its_page(browser: Client, blue: Project) -> None:
    image = own(blue)
    answer = browser.post(f"/images/{image.pk}/delete/", {"leave": "1"}, headers=HTMX)
    assert answer["HX-Redirect"] == "/images/"


def test_one_from_the_web_begins_an_import(browser: Client) -> None:
    address = "/images/new/?source=web"
    assert "Fetch" in text(browser.get(address))
    for wrong in ({"uri": ""}, {"uri": "ftp://x.example/a"}, {"uri": "http://127.0.0.1/a.img"}):
        answer = browser.post(address, wrong)
        assert answer.status_code == 400
        assert "errorlist" in answer.content.decode()
    assert not Image.objects.exists()
    url = "https://images.example.com/pub/jammy.qcow2.gz?token=1"
    assert browser.post(address, {"uri": url, "os_admin_user": "ubuntu"}).status_code == 302
    image = Image.objects.get()
    assert (image.name, image.default_user, image.status) == ("jammy.qcow2.gz", "ubuntu", "importing")
    operation = Operation.objects.get()
    assert operation.kind == "image.import"
    assert "token" not in str(operation.parameters)


def test_a_well_known_one_fills_the_form(browser: Client) -> None:
    entry = CATALOG[0]
    page = text(browser.get(f"/images/new/?source=web&entry={entry.key}"))
    for value in (entry.url, entry.name, entry.default_user):
        assert f'value="{value}"' in page
    fields = {"uri": entry.url, "entry": entry.key, "name": "mine"}
    assert browser.post("/images/new/?source=web", fields).status_code == 302
    assert Operation.objects.get().parameters["entry"] == entry.key
    # Another address is nobody's whose digest is known.
    other = fields | {"uri": "https://images.example.com/other.img"}
    assert browser.post("/images/new/?source=web", other).status_code == 302
    assert "entry" not in Operation.objects.order_by("created_at").last().parameters
    short = browser.post("/images/new/?source=web", fields | {"checksum": "abc"})
    assert short.status_code == 400
    assert "64 or 128" in text(short)


def test_a_reader_finds_no_way_to_add_one(blue: Project) -> None:
    reader = signed_in(factories.with_role("ruth", "reader", blue))
    own(blue)
    assert "/images/new/" not in text(reader.get("/images/"))
    assert reader.get("/images/new/").status_code == 403
