"""The menu of what can be done to many instances at once."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.instances.models import Instance
from compute.instances.states import VmState
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
