"""The list of volumes: rows, filters, order, and what is done to many."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Project, User
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState, VolumeTask
from tests import factories
from tests.portal.test_routes import signed_in
from tests.portal.volumes.pages import HTMX, operation, text, toast

pytestmark = pytest.mark.django_db


def test_an_empty_one_says_what_a_volume_is(browser: Client, ruth: User) -> None:
    page = text(browser.get("/volumes/"))
    assert "A volume is a disk of its own" in page
    assert page.count('href="/volumes/create/"') == 2
    page = text(signed_in(ruth).get("/volumes/"))
    assert "Your role here is reader" in page
    assert 'href="/volumes/create/"' not in page


def test_a_row_says_size_type_instance_and_device(browser: Client, blue: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    has = factories.AttachmentFactory(instance=web, volume__name="data", volume__size_gib=3)
    page = text(browser.get("/volumes/"))
    assert f'<a href="/volumes/{has.volume_id}/">data</a>' in page
    assert f'<a href="/instances/{web.pk}/">web</a>' in page
    for words in ("3 GiB", "standard", "/dev/vdb", "In use"):
        assert words in page
    assert "Storage pool" not in page


def test_one_without_a_name_is_called_by_its_id(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="")
    assert f'/volumes/{volume.pk}/">{volume.pk}</a>' in text(browser.get("/volumes/"))


def test_progress_and_faults_stand_below_the_state(browser: Client, blue: Project) -> None:
    busy = factories.VolumeFactory(project=blue, status="creating", task_state=VolumeTask.CREATING)
    operation(busy, "volume.create", progress={"done": 1, "total": 4, "unit": "bytes"})
    factories.VolumeFactory(project=blue, status="error", fault={"code": "x", "message": "pool is full"})
    page = text(browser.get("/volumes/"))
    assert '<progress value="1" max="4"' in page
    assert "Creating" in page
    assert "pool is full" in page


def test_administrators_see_where_they_lie_and_whose_they_are(root: User, red: Project) -> None:
    volume = factories.VolumeFactory(project=red, name="theirs")
    client = signed_in(root)
    assert "theirs" not in text(client.get("/volumes/"))
    page = text(client.get("/volumes/?all=1"))
    assert AuditEvent.objects.filter(action="volume.read_all", user_id=root.pk).count() == 1
    assert "theirs" in page
    assert "red · –" in page
    assert volume.disk is not None
    assert volume.disk.pool.name in page
    assert volume.disk.pool.hosts.get().name in page


def test_the_filters_count_each_volume_once(browser: Client, blue: Project) -> None:
    for state, task in (
        (VolumeState.AVAILABLE, None),
        (VolumeState.AVAILABLE, VolumeTask.EXTENDING),
        (VolumeState.IN_USE, None),
        (VolumeState.ERROR, None),
        (VolumeState.AWAITING_TRANSFER, None),
    ):
        factories.VolumeFactory(project=blue, status=state, task_state=task)
    factories.VolumeFactory(project=blue, status=VolumeState.DELETED)
    page = text(browser.get("/volumes/"))
    for tab in ("All <small>5", "Available <small>1", "In use <small>1", "Busy <small>1", "Error <small>1"):
        assert f">{tab}</small>" in page
    assert ">Other <small>1</small>" in page
    for state in ("available", "in-use", "busy", "error", "other"):
        assert browser.get(f"/volumes/?status={state}").content.decode().count('<tr id="row-') == 1


def test_search_and_order(browser: Client, blue: Project) -> None:
    small = factories.VolumeFactory(project=blue, name="alpha", size_gib=1)
    factories.VolumeFactory(project=blue, name="beta", size_gib=9)
    for search in ("LPH", str(small.pk)):
        page = text(browser.get("/volumes/", {"search": search}))
        assert "alpha" in page
        assert "beta" not in page
    assert "No volume has this name" in text(browser.get("/volumes/?search=nothing"))
    assert "No volume has this name" in text(browser.get("/volumes/", {"search": "a\0b"}))
    page = text(browser.get("/volumes/?sort=-size"))
    assert page.index(">beta<") < page.index(">alpha<")


def test_fifty_rows_cost_no_query_more_than_two(
    root: User, blue: Project, django_assert_num_queries: Any
) -> None:
    def add() -> None:
        instance = factories.InstanceFactory(project=blue)
        volume = factories.AttachmentFactory(instance=instance).volume
        operation(volume, "volume.extend", parameters={"size": 2, "earlier": 1})

    client = signed_in(root)
    add()
    add()
    client.get("/volumes/?all=1")
    with CaptureQueriesContext(connection) as captured:
        client.get("/volumes/?all=1", headers=HTMX)
    for _number in range(50):
        add()
    with django_assert_num_queries(len(captured)):
        page = client.get("/volumes/?all=1", headers=HTMX).content.decode()
    assert page.count('<tr id="row-') == 50
    assert "Page 1 of 2" in page
    ids = client.get("/volumes/ids/?all=1").json()["ids"]
    assert len(ids) == 52


def test_many_are_deleted_once_their_number_is_typed(browser: Client, blue: Project) -> None:
    one, two = (factories.VolumeFactory(project=blue, name=name) for name in ("one", "two"))
    used = factories.AttachmentFactory(instance__project=blue, instance__name="web", volume__name="used")
    chosen = {"ids": [str(one.pk), str(two.pk), str(used.volume_id)]}
    question = browser.get("/volumes/actions/delete/question/", chosen).json()
    assert question["title"] == "Delete: 3 volumes?"
    assert question["text"].startswith("one, two, used.")
    assert question["named"] == "3"
    answer = browser.post("/volumes/actions/delete/", chosen, headers=HTMX)
    assert toast(answer) == "Deleting 2 volumes. 1 refused: web has it. Detach it first."
    assert Volume.objects.filter(task_state=VolumeTask.DELETING).count() == 2
    assert browser.post("/volumes/actions/delete/", {}).status_code == 400
    assert browser.post("/volumes/actions/force_delete/", chosen).status_code == 404
