"""Host aggregates by the Compute API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from compute.hosts.models import Aggregate, Hypervisor
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(db: None) -> Hypervisor:
    return factories.HypervisorFactory(name="host-a")


def make(admin: Compute, name: str = "ssd", zone: str | None = None) -> int:
    body = {"aggregate": {"name": name, "availability_zone": zone}}
    return int(admin.post("os-aggregates", body)["aggregate"]["id"])


def act(admin: Compute, key: int, name: str, wish: Any, status: int = 200) -> Any:
    return admin.post(f"os-aggregates/{key}/action", {name: wish}, status)


def test_the_life_of_an_aggregate(admin: Compute, host: Hypervisor) -> None:
    made = admin.post("os-aggregates", {"aggregate": {"name": "ssd"}})["aggregate"]
    assert set(made) == {
        "id", "name", "availability_zone", "created_at", "updated_at", "deleted_at", "deleted",
    }  # fmt: skip
    assert (made["availability_zone"], made["updated_at"], made["deleted"]) == (None, None, False)
    key = made["id"]
    assert isinstance(key, int)
    shown = admin.at("2.41").get(f"os-aggregates/{key}")["aggregate"]
    assert shown == made | {"hosts": [], "metadata": {}, "uuid": shown["uuid"]}
    changed = admin.put(f"os-aggregates/{key}", {"aggregate": {"availability_zone": "east"}})["aggregate"]
    assert (changed["name"], changed["metadata"]) == ("ssd", {"availability_zone": "east"})
    assert act(admin, key, "add_host", {"host": "host-a"})["aggregate"]["hosts"] == ["host-a"]
    host.refresh_from_db()
    assert host.availability_zone == "east"
    metadata = {"disk": "ssd", "gone": None, "availability_zone": "west"}
    changed = act(admin, key, "set_metadata", {"metadata": metadata})["aggregate"]
    assert changed["metadata"] == {"disk": "ssd", "availability_zone": "west"}
    changed = act(admin, key, "set_metadata", {"metadata": {"disk": None}})["aggregate"]
    assert changed["metadata"] == {"availability_zone": "west"}
    host.refresh_from_db()
    assert host.availability_zone == "west"
    assert "not empty" in admin.delete(f"os-aggregates/{key}", 400)["badRequest"]["message"]
    assert act(admin, key, "remove_host", {"host": "host-a"})["aggregate"]["hosts"] == []
    host.refresh_from_db()
    assert host.availability_zone == "nova"
    admin.delete(f"os-aggregates/{key}", 200)
    admin.get(f"os-aggregates/{key}", 404)
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {
        "aggregate.create", "aggregate.update", "aggregate.delete",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": "b", "availability_zone": "a:b"}, 400),
        ({"name": "b", "availability_zone": "x" * 256}, 400),
        ({"name": "b", "availability_zone": {}}, 400),
        ({"name": "b", "hosts": ["host-a"]}, 400),
        ({"name": "a"}, 409),
    ],
)
def test_wrong_aggregates(admin: Compute, wish: dict[str, Any], status: int) -> None:
    key = make(admin, "a")
    admin.post("os-aggregates", {"aggregate": wish}, status)
    other = make(admin, "other")
    admin.put(f"os-aggregates/{other}", {"aggregate": wish}, status)
    assert [row.name for row in Aggregate.objects.all()] == ["a", "other"]
    assert key != other


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"fly": {}}, 400),
        ({"add_host": {}}, 404),
        ({"add_host": "host-a"}, 400),
        ({"add_host": {"host": "mars"}}, 404),
        ({"add_host": {"host": {}}}, 404),
        ({"add_host": {"host": "host-a"}}, 409),
        ({"remove_host": {"host": "mars"}}, 404),
        ({"remove_host": {"host": "host-b"}}, 404),
        ({"set_metadata": {}}, 400),
        ({"set_metadata": {"metadata": []}}, 400),
        ({"set_metadata": {"metadata": {"a/b": "c"}}}, 400),
        ({"set_metadata": {"metadata": {"a": 1}}}, 400),
        ({"set_metadata": {"metadata": {"a": "x" * 256}}}, 400),
    ],
)
def test_wrong_actions(admin: Compute, host: Hypervisor, body: dict[str, Any], status: int) -> None:
    factories.HypervisorFactory(name="host-b")
    key = make(admin)
    act(admin, key, "add_host", {"host": "host-a"})
    admin.post(f"os-aggregates/{key}/action", body, status)
    assert Aggregate.objects.get().metadata == {}


@pytest.mark.parametrize(("key", "status"), [("99", 404), ("-1", 404), ("ssd", 400), ("9" * 30, 404)])
def test_ids_of_none(admin: Compute, key: str, status: int) -> None:
    admin.get(f"os-aggregates/{key}", status)
    admin.put(f"os-aggregates/{key}", {"aggregate": {"name": "a"}}, status)
    admin.delete(f"os-aggregates/{key}", status)
    admin.post(f"os-aggregates/{key}/action", {"add_host": {"host": "host-a"}}, status)


def test_a_host_is_in_one_zone(admin: Compute, host: Hypervisor) -> None:
    east, west, none = make(admin, "a", "east"), make(admin, "b", "west"), make(admin, "c")
    for key in (east, none):
        act(admin, key, "add_host", {"host": "host-a"})
    act(admin, west, "add_host", {"host": "host-a"}, 409)
    admin.put(f"os-aggregates/{none}", {"aggregate": {"availability_zone": "west"}}, 400)
    act(admin, none, "set_metadata", {"metadata": {"availability_zone": "west"}}, 400)
    admin.put(f"os-aggregates/{none}", {"aggregate": {"availability_zone": "east"}})
    act(admin, east, "remove_host", {"host": "host-a"})
    host.refresh_from_db()
    assert host.availability_zone == "east", "another aggregate keeps it there"


def test_who_asked_for_a_zone_keeps_it(admin: Compute, host: Hypervisor) -> None:
    key = make(admin, "a", "east")
    act(admin, key, "add_host", {"host": "host-a"})
    factories.InstanceFactory(hypervisor=host, name="picky", requested_zone="east")
    said = act(admin, key, "remove_host", {"host": "host-a"}, 409)["conflictingRequest"]["message"]
    assert "picky" in said
    admin.put(f"os-aggregates/{key}", {"aggregate": {"availability_zone": "west"}}, 400)
    host.refresh_from_db()
    assert host.availability_zone == "east"
    assert host in Aggregate.objects.get().hosts.all()


def test_aggregates_are_the_administrators(member: Compute, admin: Compute) -> None:
    key = make(admin)
    member.get("os-aggregates", 403)
    member.get(f"os-aggregates/{key}", 403)
    member.post("os-aggregates", {"aggregate": {"name": "b"}}, 403)
    member.put(f"os-aggregates/{key}", {"aggregate": {"name": "b"}}, 403)
    member.delete(f"os-aggregates/{key}", 403)
    act(member, key, "add_host", {"host": "host-a"}, 403)


def test_lists_cost_a_constant_number_of_queries(admin: Compute) -> None:
    counts = []
    for number in (1, 9):
        for _each in range(number):
            key = make(admin, f"aggregate-{Aggregate.objects.count()}")
            act(admin, key, "add_host", {"host": factories.HypervisorFactory().name})
        with CaptureQueriesContext(connection) as queries:
            assert len(admin.get("os-aggregates")["aggregates"]) == Aggregate.objects.count()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6
