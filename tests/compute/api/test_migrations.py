"""Resizes as records of migrations in the Compute API."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Project
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
State = Operation.State


def resize(instance: Instance, state: str = State.SUCCEEDED, **fields: object) -> Operation:
    return factories.OperationFactory(
        instance=instance,
        kind="instance.resize",
        state=state,
        parameters={"from": "1", "to": "big", "host": "host-a"},
        **fields,
    )


def statuses(admin: Compute, query: str = "") -> list[str]:
    return [row["status"] for row in admin.get(f"os-migrations{query}")["migrations"]]


@pytest.mark.parametrize(
    ("state", "answer", "status"),
    [
        (State.PENDING, None, "pre-migrating"),
        (State.RUNNING, None, "migrating"),
        (State.UNDOING, None, "migrating"),
        (State.FAILED, None, "error"),
        (State.CANCELLED, None, "cancelled"),
        (State.STUCK, None, "error"),
        (State.SUCCEEDED, None, "finished"),
        (State.SUCCEEDED, ("stop", State.SUCCEEDED), "finished"),
        (State.SUCCEEDED, ("confirm_resize", State.RUNNING), "confirming"),
        (State.SUCCEEDED, ("confirm_resize", State.SUCCEEDED), "confirmed"),
        (State.SUCCEEDED, ("confirm_resize", State.FAILED), "finished"),
        (State.SUCCEEDED, ("revert_resize", State.PENDING), "reverting"),
        (State.SUCCEEDED, ("revert_resize", State.SUCCEEDED), "reverted"),
        (State.SUCCEEDED, ("delete", State.SUCCEEDED), "confirmed"),
    ],
)
def test_the_status_follows_the_operations(
    admin: Compute, blue: Project, state: str, answer: tuple[str, str] | None, status: str
) -> None:
    instance = factories.InstanceFactory(project=blue)
    resize(instance, state)
    if answer:
        factories.OperationFactory(instance=instance, kind=f"instance.{answer[0]}", state=answer[1])
    # A later resize answers for itself.
    factories.OperationFactory(instance=instance, kind="instance.revert_resize", state=State.FAILED)
    assert statuses(admin) == [status]


def test_a_record_by_version(admin: Compute, member: Compute, blue: Project) -> None:
    row = resize(factories.InstanceFactory(project=blue))
    (old,) = admin.get("os-migrations")["migrations"]
    assert {name: old[name] for name in old if not name.endswith("_at") and name != "id"} == {
        "instance_uuid": str(row.subject_id),
        "status": "finished",
        "source_compute": "host-a",
        "source_node": "host-a",
        "dest_compute": "host-a",
        "dest_node": "host-a",
        "dest_host": "host-a",
        "old_instance_type_id": 1,
        "new_instance_type_id": old["new_instance_type_id"],
    }
    assert isinstance(old["id"], int)
    assert isinstance(old["new_instance_type_id"], int)
    (newer,) = admin.at("2.23").get("os-migrations")["migrations"]
    assert newer == old | {"migration_type": "resize"}
    (newest,) = admin.at("2.59").get("os-migrations")["migrations"]
    assert newest == newer | {"uuid": str(row.pk)}
    member.get("os-migrations", 403)


def test_a_resize_that_begins_is_on_record(admin: Compute, as_alice, blue: Project) -> None:
    host = factories.HypervisorFactory(name="host-a")
    instance = factories.InstanceFactory(project=blue, hypervisor=host, vm_state=VmState.STOPPED)
    flavor = factories.FlavorFactory(id="77", disk_gib=50)
    begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": flavor.pk})
    (shown,) = admin.get("os-migrations")["migrations"]
    assert (shown["source_compute"], shown["new_instance_type_id"]) == ("host-a", 77)
    assert shown["status"] == "pre-migrating"


def test_filters(admin: Compute, blue: Project) -> None:
    one, other = (factories.InstanceFactory(project=blue) for _ in range(2))
    resize(one)
    resize(other, State.FAILED)
    for query, found in {
        "status=error": ["error"],
        "status=fine": [],
        "host=host-a": ["error", "finished"],
        "source_compute=host-b": [],
        "migration_type=resize": ["error", "finished"],
        "migration_type=live-migration": [],
        f"instance_uuid={one.pk}": ["finished"],
        "instance_uuid=nonsense": [],
        "hidden=true": [],
    }.items():
        assert statuses(admin, f"?{query}") == found, query


def test_pages_and_times(admin: Compute, blue: Project) -> None:
    rows = [resize(factories.InstanceFactory(project=blue)) for _ in range(3)]
    newest = admin.at("2.66")
    first = newest.get("os-migrations?limit=2")
    assert [row["uuid"] for row in first["migrations"]] == [str(rows[2].pk), str(rows[1].pk)]
    (link,) = first["migrations_links"]
    rest = newest.get(link["href"].split("/compute/v2.1/")[1])
    assert [row["uuid"] for row in rest["migrations"]] == [str(rows[0].pk)]
    newest.get(f"os-migrations?marker={uuid.uuid4()}", 400)
    assert len(statuses(admin, "?limit=1")) == 3, "older clients get all"
    now = timezone.now()
    Operation.objects.filter(pk=rows[0].pk).update(updated_at=now - timedelta(days=2))
    yesterday = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert len(statuses(newest, f"?changes-since={yesterday}")) == 2
    assert len(statuses(newest, f"?changes-before={yesterday}")) == 1
    factories.OperationFactory(
        instance=factories.instance_of(rows[0]), kind="instance.confirm_resize", state=State.SUCCEEDED
    )
    assert len(statuses(newest, f"?changes-since={yesterday}")) == 3, "the answer changed it"
    soon = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    newest.get(f"os-migrations?changes-since={soon}&changes-before={yesterday}", 400)


def test_it_costs_a_constant_number_of_queries(admin: Compute, blue: Project) -> None:
    counts = []
    for _ in range(2):
        resize(factories.InstanceFactory(project=blue))
        with CaptureQueriesContext(connection) as queries:
            admin.get("os-migrations")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_is_gone_stays_on_record(admin: Compute, blue: Project) -> None:
    instance = factories.InstanceFactory(project=blue, vm_state=VmState.DELETED)
    resize(instance)
    assert statuses(admin) == ["finished"]


def test_below_a_server_only_live_ones_would_show(member: Compute, admin: Compute, blue: Project) -> None:
    server = factories.InstanceFactory(project=blue)
    resize(server)
    newer = admin.at("2.23")
    assert newer.get(f"servers/{server.pk}/migrations") == {"migrations": []}
    number = newer.get("os-migrations")["migrations"][0]["id"]
    newer.get(f"servers/{server.pk}/migrations/{number}", 404)
    newer.delete(f"servers/{server.pk}/migrations/{number}", 404)
    newer.get(f"servers/{uuid.uuid4()}/migrations", 404)
    admin.get(f"servers/{server.pk}/migrations", 404)
    member.at("2.23").get(f"servers/{server.pk}/migrations", 403)
