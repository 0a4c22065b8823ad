"""The menu of what can be done to many instances at once."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.instances.models import Instance
from compute.instances.states import VmState
from portal.pages import many
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def menu(client: Client, *chosen: Instance) -> str:
    answer = client.get("/instances/actions/", {"ids": [str(one.pk) for one in chosen] + ["nonsense"]})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_how_many_allow_it_and_why_others_do_not(alice: User, blue: Project) -> None:
    runs = factories.InstanceFactory(project=blue, vm_state=VmState.ACTIVE)
    off = factories.InstanceFactory(project=blue, vm_state=VmState.STOPPED)
    client = signed_in(alice)
    text = menu(client, runs, off)
    assert 'hx-post="/instances/actions/pause/"' in text
    assert "1 of 2." in text
    assert "Not possible in the state “Off”" in text
    assert 'hx-post="/instances/actions/shelve/"' in text
    assert 'hx-post="/instances/actions/unpause/"' not in text
    for asks in ("take_image", "rescue", "clone", "purge", "grow"):
        assert f"/instances/actions/{asks}/" not in text


def test_what_is_foreign_is_not_counted(alice: User, blue: Project, red: Project) -> None:
    foreign = factories.InstanceFactory(project=red, vm_state=VmState.ACTIVE)
    assert "hx-post" not in menu(signed_in(alice), foreign)


def test_a_reader_may_do_none(ruth: User, blue: Project) -> None:
    assert "hx-post" not in menu(signed_in(ruth), factories.InstanceFactory(project=blue))


def test_it_costs_a_constant_number_of_queries(alice: User, blue: Project) -> None:
    client, counts = signed_in(alice), []
    for count in (1, 4):
        rows = factories.InstanceFactory.create_batch(count, project=blue, vm_state=VmState.ACTIVE)
        with CaptureQueriesContext(connection) as queries:
            menu(client, *rows)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_ids_of_all_pages_of_a_list(alice: User, blue: Project, red: Project) -> None:
    """Those that the list's own filters leave, in its order, and never more than can be acted on at a time."""
    off = factories.InstanceFactory.create_batch(51, project=blue, vm_state=VmState.STOPPED)
    factories.InstanceFactory(project=blue, vm_state=VmState.ACTIVE)
    factories.InstanceFactory(project=red, vm_state=VmState.STOPPED)
    client = signed_in(alice)
    ids = client.get("/instances/ids/", {"status": "stopped", "sort": "name"}).json()["ids"]
    assert sorted(ids) == sorted(str(one.pk) for one in off)
    page = client.get("/instances/", {"status": "stopped", "sort": "name"}).content.decode()
    assert "Select all 51" in page
    assert 'data-bulk-more="/instances/ids/?status=stopped&amp;sort=name"' in page
    factories.InstanceFactory.create_batch(many.MOST, project=blue, vm_state=VmState.STOPPED)
    assert len(client.get("/instances/ids/").json()["ids"]) == many.MOST
    assert f"Select the first {many.MOST}" in client.get("/instances/").content.decode()


def test_what_was_begun_can_be_taken_back(alice: User, blue: Project) -> None:
    rows = factories.InstanceFactory.create_batch(2, project=blue, vm_state=VmState.STOPPED)
    ids = [str(row.pk) for row in rows]
    answer = signed_in(alice).post("/instances/actions/delete/", {"ids": ids}, headers={"HX-Request": "true"})
    assert json.loads(answer.headers["HX-Trigger"])["toast"] == {
        "kind": "success",
        "text": "Deleting 2 instances",
        "url": "",
        "undo_url": "/instances/actions/restore/",
        "undo_values": {"ids": ids},
    }
