"""Backups: a volume's tab, the project's list, making, verifying, restoring and deleting them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from tests import factories
from tests.portal.test_routes import signed_in
from tests.portal.volumes.pages import HTMX, form, text, toast

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume(blue: Project) -> Volume:
    row: Volume = factories.VolumeFactory(project=blue, name="data")
    return row


def test_the_tab_says_what_there_is_and_what_can_be_done(browser: Client, volume: Volume) -> None:
    address = f"/volumes/{volume.pk}/backups/"
    empty = text(browser.get(address))
    assert "No backups yet" in empty
    assert "Only what changed" not in empty
    full = factories.BackupFactory(volume=volume, name="monday", file_bytes=3 * 2**20)
    later = factories.BackupFactory(volume=volume, name="tuesday", parent=full)
    factories.BackupFactory(
        volume=volume, name="wednesday", status="error", fault={"message": "The store is full."}
    )
    page = text(browser.get(address))
    assert "what changed since monday" in page
    assert "Only what changed" in page
    assert "The store is full." in page
    assert f"/volumes/{volume.pk}/actions/restore/?backup={later.pk}" in page
    assert f"/volumes/create/?backup={later.pk}" in page
    assert f"/backups/{later.pk}/delete/" in page
    assert f"/backups/{full.pk}/delete/" not in page, "a later one needs it"


def test_the_list_has_those_of_all_volumes(browser: Client, volume: Volume, red: Project) -> None:
    assert "Choose a volume to back up" in text(browser.get("/backups/"))
    factories.BackupFactory(volume=volume, name="monday")
    gone = factories.BackupFactory(volume=factories.VolumeFactory(project=volume.project), name="orphan")
    Volume.objects.filter(pk=gone.volume_id).update(status="deleted")
    factories.BackupFactory(volume=factories.VolumeFactory(project=red), name="foreign")
    page = text(browser.get("/backups/"))
    assert f'/volumes/{volume.pk}/backups/">data' in page
    assert "orphan" in page
    assert "deleted" in page
    assert "foreign" not in page


@pytest.mark.parametrize("of_volume", [False, True])
def test_lists_cost_a_constant_number_of_queries(browser: Client, volume: Volume, *, of_volume: bool) -> None:
    address = f"/volumes/{volume.pk}/backups/" if of_volume else "/backups/"
    costs = set()
    parent = factories.BackupFactory(volume=volume)
    for _round in range(3):
        factories.BackupFactory(volume=volume, parent=parent)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        costs.add(len(queries))
    assert len(costs) == 1


def test_one_is_made(browser: Client, volume: Volume) -> None:
    factories.BackupFactory(volume=volume, name="monday")
    address = f"/volumes/{volume.pk}/backups/create/"
    answer = browser.post(address, {"name": "tuesday", "incremental": "1"}, headers=HTMX)
    assert toast(answer) == "Backing up"
    made = Backup.objects.get(name="tuesday")
    assert made.parent is not None
    assert Operation.objects.get().kind == "backup.create"
    page = text(browser.get(f"/volumes/{volume.pk}/backups/"))
    assert f"/activity/{Operation.objects.get().pk}/cancel/" in page
    assert "Backing up" in text(browser.get("/volumes/"))


def test_one_is_verified_and_deleted(browser: Client, volume: Volume) -> None:
    backup = factories.BackupFactory(volume=volume, name="monday")
    other = factories.BackupFactory(volume=volume, name="tuesday")
    browser.post(f"/backups/{backup.pk}/verify/", headers=HTMX)
    browser.post(f"/backups/{other.pk}/delete/", headers=HTMX)
    assert [Backup.objects.get(pk=row.pk).task_state for row in (backup, other)] == ["verifying", "deleting"]


def test_a_reader_only_looks(volume: Volume, ruth: User) -> None:
    backup = factories.BackupFactory(volume=volume)
    reader = signed_in(ruth)
    page = text(reader.get(f"/volumes/{volume.pk}/backups/"))
    assert "/backups/create/" not in page
    assert "/delete/" not in page
    assert reader.post(f"/volumes/{volume.pk}/backups/create/").status_code == 403
    assert reader.post(f"/backups/{backup.pk}/delete/").status_code == 403


def test_restoring_asks_and_keeps_the_way_back(browser: Client, volume: Volume) -> None:
    backup = factories.BackupFactory(volume=volume, name="monday")
    address = f"/volumes/{volume.pk}/actions/restore/"
    page = text(browser.get(f"{address}?backup={backup.pk}"))
    assert f'value="{backup.pk}"' in page
    assert "checked" in page
    assert browser.post(address, {"backup": ""}).status_code == 400
    assert browser.post(address, {"backup": str(backup.pk)}).status_code == 302
    assert VolumeSnapshot.objects.get(status="creating").name == "Before restoring monday"


def test_a_volume_begins_with_one(browser: Client, volume: Volume) -> None:
    backup = factories.BackupFactory(volume=volume, name="monday")
    page = text(browser.get(f"/volumes/create/?backup={backup.pk}"))
    assert f'<option value="{backup.pk}" selected>monday' in page
    assert f"--os-volume-api-version 3.47 volume create --size 1 --backup {backup.pk}" in page
    sent = form(source="backup", backup_id=str(backup.pk), name="again", size="")
    assert browser.post("/volumes/create/", sent).status_code == 302
    assert Volume.objects.get(name="again").backup == backup


def test_a_plan_is_made_changed_and_ended(browser: Client, volume: Volume) -> None:
    tab, address = f"/volumes/{volume.pk}/backups/", f"/volumes/{volume.pk}/backups/plan/"
    assert "Plan regular backups" in text(browser.get(tab))
    assert 'value="02:00"' in text(browser.get(address))
    values = {"repeat": "weekly", "day": "6", "time": "03:30", "time_zone": "Europe/Berlin"}
    numbers = {"daily": "2", "weekly": "3", "monthly": "4", "full_every": "5"}
    refused = browser.post(address, values | numbers | {"daily": "many", "time": "25:00"})
    assert refused.status_code == 400
    assert browser.post(address, values | numbers).status_code == 302
    page = text(browser.get(tab))
    assert "every Saturday at 03:30" in page
    assert "keeps 2 days, 3 weeks, 4 months" in page
    assert "(Europe/Berlin)" in page
    again = text(browser.get(address))
    assert '<option value="weekly" selected' in again
    assert 'name="full_every" value="5"' in again
    assert browser.post(f"{address}delete/", headers=HTMX).status_code == 204
    assert "Plan regular backups" in text(browser.get(tab))
