"""One volume's page: facts, menu, what is changed in place, what runs and what failed."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import AuditEvent, Project, User
from compute.engine.models import Operation
from compute.volumes.models import Disk, Volume
from compute.volumes.states import VolumeState
from tests import factories
from tests.portal.test_routes import signed_in
from tests.portal.volumes.pages import HTMX, form, text, toast

pytestmark = pytest.mark.django_db


def test_facts_and_where_it_is_in_the_guest(browser: Client, blue: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    volume = factories.AttachmentFactory(instance=web, volume__name="data").volume
    page = text(browser.get(f"/volumes/{volume.pk}/"))
    path = f"/dev/disk/by-id/virtio-{str(volume.pk)[:20]}"
    assert f"<code>{path}</code>" in page
    assert f"<code>sudo mkfs.ext4 {path}</code>" in page
    assert f"sudo mount {path} /mnt/data" in page
    assert f'hx-post="/volumes/{volume.pk}/actions/detach/"' in page
    assert "Unmount it inside the guest first" in page


def test_what_an_image_filled_is_not_to_be_formatted(browser: Client, blue: Project) -> None:
    values = {"image_metadata": {"image_name": "Debian"}, "bootable": True}
    has = factories.AttachmentFactory(
        instance__project=blue, **{f"volume__{name}": value for name, value in values.items()}
    )
    page = text(browser.get(f"/volumes/{has.volume_id}/"))
    assert "Image Debian" in page
    assert "mkfs" not in page
    assert "-part1 /mnt/data" in page


@pytest.mark.parametrize(
    ("bus", "name"),
    [("virtio", "virtio-"), ("scsi", "scsi-0QEMU_QEMU_HARDDISK_"), ("sata", "ata-QEMU_HARDDISK_")],
)
def test_its_path_in_the_guest_follows_from_the_bus(
    browser: Client, blue: Project, bus: str, name: str
) -> None:
    volume = factories.AttachmentFactory(instance__project=blue).volume
    Disk.objects.filter(volume=volume).update(bus=bus)
    page = text(browser.get(f"/volumes/{volume.pk}/"))
    assert f"<code>/dev/disk/by-id/{name}{str(volume.pk)[:20]}</code>" in page


def test_its_menu_comes_with_groups_and_reasons(browser: Client, blue: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    volume = factories.AttachmentFactory(instance=web, volume__name="data").volume
    target = {"HX-Target": f"menu-{volume.pk}"} | HTMX
    menu = text(browser.get(f"/volumes/{volume.pk}/", headers=target))
    assert "<html" not in menu
    assert f'href="/volumes/{volume.pk}/actions/extend/"' in menu
    assert f'hx-post="/volumes/{volume.pk}/actions/detach/"' in menu
    assert "/actions/delete/" not in menu
    page = text(browser.get(f"/volumes/{volume.pk}/"))
    assert "<strong>Delete</strong> web has it. Detach it first." in page
    assert "reset_status" not in page


def test_deleting_wants_the_name(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="data")
    page = text(browser.get(f"/volumes/{volume.pk}/"))
    assert 'data-name="data"' in page
    answer = browser.post(f"/volumes/{volume.pk}/actions/delete/", {"leave": "1"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/volumes/"


def test_name_description_and_switches_change_in_place(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="data", description="old")
    address = f"/volumes/{volume.pk}/actions/"
    assert toast(browser.post(f"{address}update/", {"name": "new"}, headers=HTMX)) == "Changed new"
    browser.post(f"{address}update/", {"description": ""}, headers=HTMX)
    browser.post(f"{address}set_read_only/", {"read_only": "true"}, headers=HTMX)
    volume.refresh_from_db()
    assert (volume.name, volume.description, volume.read_only) == ("new", "", True)


def test_metadata(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, metadata={"tier": "db"})
    address = f"/volumes/{volume.pk}/metadata/"
    assert "tier=db" in text(browser.get(address))
    assert browser.post(address, {"metadata": "nonsense"}).status_code == 400
    assert browser.post(address, {"metadata": "role=web\nteam=blue"}).status_code == 302
    volume.refresh_from_db()
    assert volume.metadata == {"role": "web", "team": "blue"}
    assert "<code>role</code>" in text(browser.get(f"/volumes/{volume.pk}/"))


def test_what_runs_stands_with_its_steps_and_is_cancelled(browser: Client, blue: Project) -> None:
    browser.post("/volumes/create/", form())
    volume = Volume.objects.get()
    page = text(browser.get(f"/volumes/{volume.pk}/"))
    assert "Choose a storage pool" in page
    running = Operation.objects.get()
    assert f'hx-post="/activity/{running.pk}/cancel/"' in page
    assert browser.post(f"/activity/{running.pk}/cancel/", headers=HTMX).status_code == 204
    activity = text(browser.get(f"/volumes/{volume.pk}/activity/"))
    assert f'id="operation-{running.pk}"' in activity
    assert f"live:volume:{volume.pk}" in activity
    everything = text(browser.get("/activity/"))
    assert f'<a href="/volumes/{volume.pk}/activity/">Open the volume</a>' in everything


def test_a_failed_creation_offers_another(browser: Client, blue: Project) -> None:
    fault = {"code": "x", "message": "No storage pool can take this volume."}
    volume = factories.VolumeFactory(
        project=blue, name="data", size_gib=7, status=VolumeState.ERROR, disk=None, fault=fault
    )
    page = text(browser.get(f"/volumes/{volume.pk}/"))
    assert "No storage pool can take this volume." in page
    assert f'href="/volumes/create/?like={volume.pk}"' in page
    again = text(browser.get(f"/volumes/create/?like={volume.pk}"))
    assert 'value="data"' in again
    assert 'value="7"' in again


def test_one_that_is_gone_leads_to_the_list(browser: Client) -> None:
    key = uuid4()
    answer = browser.get(f"/volumes/{key}/")
    assert answer.status_code == 404
    assert f"Volume {key} could not be found." in text(answer)
    assert 'href="/volumes/">Volumes</a></li>' in text(answer)


def test_the_page_of_another_project_names_it(root: User, red: Project) -> None:
    volume = factories.VolumeFactory(project=red)
    assert not AuditEvent.objects.filter(action="volume.read").exists()
    assert "in project red" in text(signed_in(root).get(f"/volumes/{volume.pk}/"))
    assert AuditEvent.objects.get(action="volume.read").project_id == red.pk


def test_what_is_deleted_without_scripts_leads_to_the_list(browser: Client, blue: Project) -> None:
    """Its own page may be gone at once."""
    volume = factories.VolumeFactory(project=blue)
    answer = browser.post(f"/volumes/{volume.pk}/actions/delete/")
    assert (answer.status_code, answer.url) == (302, "/volumes/")
