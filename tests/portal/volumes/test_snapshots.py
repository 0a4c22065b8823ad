"""The snapshots of a volume: the tab, taking one, going back, beginning with one, deleting."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.volumes.models import Volume, VolumeSnapshot
from tests import factories
from tests.portal.test_routes import signed_in
from tests.portal.volumes.pages import HTMX, form, text, toast

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume(blue: Project) -> Volume:
    row: Volume = factories.VolumeFactory(project=blue, name="data")
    return row


def test_the_tab_says_what_there_is_and_what_can_be_done(browser: Client, volume: Volume) -> None:
    address = f"/volumes/{volume.pk}/snapshots/"
    assert "No snapshots yet" in text(browser.get(address))
    ready = factories.VolumeSnapshotFactory(volume=volume, name="monday")
    broken = factories.VolumeSnapshotFactory(
        volume=volume, name="tuesday", status="error", fault={"message": "The pool is full."}
    )
    page = text(browser.get(address))
    assert f"/volumes/{volume.pk}/actions/revert/?snapshot={ready.pk}" in page
    assert f"/volumes/create/?snapshot={ready.pk}" in page
    assert f"?snapshot={broken.pk}" not in page
    assert "The pool is full." in page


def test_the_tab_costs_a_constant_number_of_queries(browser: Client, volume: Volume) -> None:
    costs = set()
    for _round in range(3):
        factories.VolumeSnapshotFactory(volume=volume)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/volumes/{volume.pk}/snapshots/")
        costs.add(len(queries))
    assert len(costs) == 1


def test_one_is_taken_and_deleted(browser: Client, volume: Volume) -> None:
    answer = browser.post(f"/volumes/{volume.pk}/snapshots/create/", {"name": "monday"}, headers=HTMX)
    assert toast(answer) == "Taking the snapshot"
    assert Operation.objects.get().kind == "volume_snapshot.create"
    ready = factories.VolumeSnapshotFactory(volume=volume, name="tuesday")
    answer = browser.post(f"/volumes/{volume.pk}/snapshots/{ready.pk}/delete/", headers=HTMX)
    assert answer.status_code == 204
    assert VolumeSnapshot.objects.get(pk=ready.pk).task_state == "deleting"


def test_a_reader_only_looks(volume: Volume, ruth: User) -> None:
    ready = factories.VolumeSnapshotFactory(volume=volume)
    reader = signed_in(ruth)
    page = text(reader.get(f"/volumes/{volume.pk}/snapshots/"))
    assert "Take a snapshot" not in page
    assert "/delete/" not in page
    assert reader.post(f"/volumes/{volume.pk}/snapshots/create/").status_code == 403
    assert reader.post(f"/volumes/{volume.pk}/snapshots/{ready.pk}/delete/").status_code == 403


def test_going_back_asks_and_keeps_the_way(browser: Client, volume: Volume) -> None:
    ready = factories.VolumeSnapshotFactory(volume=volume, name="monday")
    address = f"/volumes/{volume.pk}/actions/revert/"
    page = text(browser.get(f"{address}?snapshot={ready.pk}"))
    assert f'value="{ready.pk}"' in page
    assert "checked" in page
    assert browser.post(address, {"snapshot": ""}).status_code == 400
    assert browser.post(address, {"snapshot": str(ready.pk)}).status_code == 302
    assert VolumeSnapshot.objects.get(status="creating").name == "Before reverting to monday"


def test_a_volume_begins_with_one(browser: Client, volume: Volume) -> None:
    ready = factories.VolumeSnapshotFactory(volume=volume, name="monday")
    page = text(browser.get(f"/volumes/create/?snapshot={ready.pk}"))
    assert f'<option value="{ready.pk}" selected>monday (data)' in page
    assert f"--snapshot {ready.pk}" in page
    sent = form(source="snapshot", snapshot_id=str(ready.pk), name="again", size="")
    assert browser.post("/volumes/create/", sent).status_code == 302
    assert Volume.objects.get(name="again").snapshot == ready
