"""A server's list of actions by the Compute API: cut by the database, told by the ids of their requests."""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from compute.engine.models import Operation
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def path(server: Instance) -> str:
    return f"servers/{server.pk}/os-instance-actions"


def make(server: Instance, number: int) -> None:
    """Make so many operations, one in three without a request; several are of the same moment."""
    for each in range(number):
        begun = "" if each % 3 == 0 else f"req-{uuid.uuid4()}"
        factories.OperationFactory(instance=server, state="succeeded", request_id=begun)
    moment = timezone.now()
    for place, row in enumerate(Operation.objects.order_by("pk")):
        Operation.objects.filter(pk=row.pk).update(
            created_at=moment - place // 2 * HOUR, updated_at=moment - place // 2 * HOUR
        )


def ids(body: dict[str, Any]) -> list[str]:
    return [row["request_id"] for row in body["instanceActions"]]


def walk(api: Compute, path: str, query: str) -> list[str]:
    """Return the ids of all pages."""
    found: list[str] = []
    for _page in range(40):
        body = api.get(f"{path}?{query}")
        found += ids(body)
        if "links" not in body:
            return found
        query = body["links"][0]["href"].partition("?")[2]
    raise AssertionError("the pages have no end")


def test_pages_hold_every_action_once(member: Compute, server: Instance, path: str) -> None:
    make(server, 9)
    factories.OperationFactory(instance=factories.InstanceFactory(project=server.project))
    whole = ids(member.get(path))
    assert len(set(whole)) == 9
    assert ids(member.get(f"{path}?limit=2&marker=nonsense")) == whole  # from before pages
    for limit in (1, 2, 9, 100):
        assert walk(member.at("2.58"), path, f"limit={limit}") == whole
    for request_id in whole:
        assert member.get(f"{path}/{request_id}")["instanceAction"]["request_id"] == request_id


def test_those_of_one_caller_without_requests_are_told_apart(
    member: Compute, server: Instance, path: str
) -> None:
    """The canary gives all that it begins the same name, which is no request's id."""
    rows = [factories.OperationFactory(instance=server, request_id="canary") for _number in range(3)]
    assert walk(member.at("2.58"), path, "limit=1") == [f"req-{row.pk}" for row in reversed(rows)]
    member.get(f"{path}/canary", 404)


def test_the_period_is_cut_by_the_database(member: Compute, server: Instance, path: str) -> None:
    make(server, 8)
    whole = ids(member.get(path))
    moments = {row["request_id"]: row["updated_at"] for row in member.at("2.58").get(path)["instanceActions"]}
    since, before = quote(f"{moments[whole[5]]}Z"), quote(f"{moments[whole[2]]}Z")
    newest = member.at("2.66")
    assert ids(newest.get(f"{path}?changes-since={since}")) == whole[:6]
    assert ids(newest.get(f"{path}?changes-before={before}")) == whole[2:]
    assert walk(newest, path, f"changes-since={since}&changes-before={before}&limit=1") == whole[2:6]
    assert ids(member.at("2.58").get(f"{path}?changes-before={before}")) == whole
    newest.get(f"{path}?changes-since={since}&marker={whole[7]}", 400)
    newest.get(f"{path}?changes-since={before}&changes-before={since}", 400)
    newest.get(f"{path}?changes-since=nonsense", 400)


@pytest.mark.parametrize("query", ["marker=nonsense", "marker=req-1", "marker=%00", "limit=-1", "limit=x"])
def test_what_no_page_begins_with(member: Compute, server: Instance, path: str, query: str) -> None:
    make(server, 2)
    member.at("2.58").get(f"{path}?{query}", 400)


def test_a_page_costs_the_same_in_a_long_list(member: Compute, server: Instance, path: str) -> None:
    """The database reads no more rows than the page has, plus one; one action is one row."""
    api, counts = member.at("2.66"), []
    since = quote((timezone.now() - 1000 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for number in (4, 40):
        make(server, number)
        marker = ids(api.get(f"{path}?limit=2"))[-1]
        with CaptureQueriesContext(connection) as page:
            api.get(f"{path}?limit=2&marker={marker}&changes-since={since}")
        with CaptureQueriesContext(connection) as one:
            api.get(f"{path}/{marker}")
        for queries, limit in ((page, 3), (one, 1)):
            rows = [query["sql"] for query in queries if 'FROM "compute_operation"' in query["sql"]]
            assert rows[-1].endswith(f"LIMIT {limit}")
            assert all("LIMIT" in query for query in rows)
        counts.append((len(page), len(one)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("state", [VmState.DELETED, VmState.SOFT_DELETED])
def test_the_actions_of_a_deleted_server_can_be_read(
    member: Compute, server: Instance, path: str, state: VmState
) -> None:
    row = factories.OperationFactory(instance=server, state="succeeded", request_id=f"req-{uuid.uuid4()}")
    Instance.objects.update(vm_state=state)
    newer = member.at("2.21")
    assert [each["request_id"] for each in newer.get(path)["instanceActions"]] == [row.request_id]
    assert newer.get(f"{path}/{row.request_id}")["instanceAction"]["instance_uuid"] == str(server.pk)
    member.at("2.20").get(path, 404)
    foreign = factories.InstanceFactory(vm_state=state)
    newer.get(f"servers/{foreign.pk}/os-instance-actions", 404)
