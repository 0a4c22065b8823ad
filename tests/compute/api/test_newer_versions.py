"""What the microversions from 2.74 to 2.88 have changed, each at the version that brought it and at the one before."""

from typing import Any

import pytest

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.hosts.models import Hypervisor
from compute.hosts.services import questions
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db


# ── 2.74: a server on a host ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["host", "hypervisor_hostname"])
def test_an_administrator_names_the_host(
    admin: Compute, member: Compute, wish: dict[str, Any], name: str
) -> None:
    factories.HypervisorFactory(name="host-a")
    body = {"server": {**wish, "networks": "auto", name: "host-a"}}
    made = admin.at("2.74").post("servers", body, 202)["server"]["id"]
    assert Instance.objects.get(pk=made).scheduler_hints == {"host": "host-a"}
    member.at("2.74").post("servers", body, 403)
    fault = admin.at("2.73").post("servers", body, 400)
    assert name in fault["badRequest"]["message"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"host": "host-z"}, "host"),
        ({"host": "host-a", "hypervisor_hostname": "host-b"}, "hypervisor_hostname"),
        ({"host": "host-a", "availability_zone": "nova:host-a"}, "host"),
        ({"host": 7}, "host"),
        ({"host": ""}, "host"),
    ],
)
def test_a_host_that_cannot_be_meant(
    admin: Compute, wish: dict[str, Any], more: dict[str, Any], field: str
) -> None:
    factories.HypervisorFactory(name="host-a")
    body = {"server": {**wish, "networks": "auto", **more}}
    fault = admin.at("2.74").post("servers", body, 400)
    assert f"{field}: " in fault["badRequest"]["message"]
    assert not Instance.objects.exists()


# ── 2.75: one form of servers, numbers for swap, no unknown parameter ────────────────────────────
def test_an_updated_server_is_shown_in_full(admin: Compute, server: Instance) -> None:
    body = {"server": {"name": "other"}}
    changed = admin.at("2.75").put(f"servers/{server.pk}", body)["server"]
    assert changed == admin.at("2.75").get(f"servers/{server.pk}")["server"]
    assert "OS-EXT-STS:vm_state" not in admin.at("2.74").put(f"servers/{server.pk}", body)["server"]


def test_no_swap_is_a_number(member: Compute, flavor: Flavor) -> None:
    assert [
        member.at(version).get(f"flavors/{flavor.id}")["flavor"]["swap"] for version in ("2.74", "2.75")
    ] == ["", 0]


@pytest.mark.parametrize(
    "path",
    ["servers", "servers/detail", "flavors", "os-keypairs", "os-server-groups", "limits", "os-services"],
)
def test_an_unknown_parameter_is_refused(admin: Compute, path: str) -> None:
    admin.at("2.74").get(f"{path}?nonsense=1")
    fault = admin.at("2.75").get(f"{path}?nonsense=1", 400)
    assert "nonsense: " in fault["badRequest"]["message"]


@pytest.mark.parametrize(("version", "servers"), [("2.74", None), ("2.75", [])])
def test_a_host_without_servers_says_so(admin: Compute, version: str, servers: list[Any] | None) -> None:
    factories.HypervisorFactory()
    (row,) = admin.at(version).get("os-hypervisors?with_servers=true")["hypervisors"]
    assert row.get("servers") == servers


# ── 2.77: unshelved into a zone ──────────────────────────────────────────────────────────────────
def shelved(server: Instance) -> Instance:
    Instance.objects.update(vm_state=VmState.SHELVED)
    Hypervisor.objects.update(zone="east")
    return server


def test_unshelved_into_the_zone_of_its_disks(member: Compute, server: Instance) -> None:
    shelved(server)
    member.at("2.77").act(server.pk, "unshelve", {"availability_zone": "east"})
    assert Operation.objects.get().kind == "instance.unshelve"
    assert Instance.objects.get().requested_zone == "east"


@pytest.mark.parametrize(
    ("version", "value", "status"),
    [
        ("2.77", None, 202),
        ("2.76", {"availability_zone": "west"}, 202),
        ("2.77", {"availability_zone": "west"}, 409),
        ("2.77", {"availability_zone": "nowhere"}, 400),
        ("2.77", {"availability_zone": 7}, 400),
        ("2.77", {}, 400),
        ("2.77", {"zone": "east"}, 400),
    ],
)
def test_other_ways_to_unshelve(
    member: Compute, server: Instance, version: str, value: Any, status: int
) -> None:
    factories.HypervisorFactory(zone="west")
    shelved(server)
    Hypervisor.objects.exclude(name="host-a").update(zone="west")
    member.at(version).act(server.pk, "unshelve", value, status)
    assert Operation.objects.exists() is (status == 202)


# ── 2.78: NUMA ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("specs", "nodes", "page"),
    [
        ({}, [], None),
        ({"hw:numa_nodes": "1"}, [{"memory_mb": 128, "siblings": [], "vcpu_set": [0]}], None),
        ({"hw:mem_page_size": "small"}, [], 4),
    ],
)
def test_the_topology_of_a_server(
    member: Compute, server: Instance, specs: dict[str, str], nodes: list[Any], page: int | None
) -> None:
    Instance.objects.update(hardware={"flavor": specs, "image": {}}, ram_mib=128, vcpus=1)
    assert member.at("2.78").get(f"servers/{server.pk}/topology") == {"nodes": nodes, "pagesize_kb": page}
    member.at("2.77").get(f"servers/{server.pk}/topology", 404)


def test_the_topology_of_a_foreign_server(member: Compute, red: Project) -> None:
    member.at("2.78").get(f"servers/{factories.InstanceFactory(project=red).pk}/topology", 404)


# ── 2.80: whose migrations ───────────────────────────────────────────────────────────────────────
def test_migrations_by_owner(
    admin: Compute, server: Instance, alice: User, blue: Project, red: Project
) -> None:
    factories.OperationFactory(instance=server, kind="instance.resize", user=alice)
    new = admin.at("2.80")
    (row,) = new.get(f"os-migrations?user_id={alice.id}&project_id={blue.id}")["migrations"]
    assert (row["user_id"], row["project_id"]) == (alice.id, blue.id)
    assert new.get(f"os-migrations?project_id={red.id}")["migrations"] == []
    (row,) = admin.at("2.79").get("os-migrations")["migrations"]
    assert "user_id" not in row


# ── 2.81: images before they are needed ──────────────────────────────────────────────────────────
@pytest.fixture
def aggregate(db: None) -> int:
    aggregate = factories.AggregateFactory()
    aggregate.hosts.set([factories.HypervisorFactory(), factories.HypervisorFactory()])
    return aggregate.pk


def test_images_are_brought_to_every_host_once(admin: Compute, aggregate: int, image: Image) -> None:
    for _twice in range(2):
        admin.at("2.81").post(f"os-aggregates/{aggregate}/images", {"cache": [{"id": str(image.pk)}]}, 202)
    rows = Operation.objects.filter(kind="image.deliver", subject_id=image.pk)
    assert {row.host_id for row in rows} == set(Hypervisor.objects.values_list("pk", flat=True))
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("cache", "status"),
    [
        ([], 400),
        ([{"id": "00000000-0000-4000-8000-000000000000"}], 400),
        ([{"id": "x"}], 400),
        ([{"name": "x"}], 400),
        (None, 400),
    ],
)
def test_images_that_there_are_not(admin: Compute, aggregate: int, cache: Any, status: int) -> None:
    admin.at("2.81").post(f"os-aggregates/{aggregate}/images", {"cache": cache}, status)
    assert not Operation.objects.exists()


def test_who_may_bring_images_where(admin: Compute, member: Compute, aggregate: int, image: Image) -> None:
    body = {"cache": [{"id": str(image.pk)}]}
    member.at("2.81").post(f"os-aggregates/{aggregate}/images", body, 403)
    admin.at("2.81").post("os-aggregates/999/images", body, 404)
    admin.at("2.80").post(f"os-aggregates/{aggregate}/images", body, 404)
    twice = {"cache": [{"id": str(image.pk)}] * 2}
    admin.at("2.81").post(f"os-aggregates/{aggregate}/images", twice, 400)


# ── 2.83: filters for all, and none that is documented is ignored ────────────────────────────────
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("access_ip_v4=192.0.2.1", ["a"]),
        ("access_ip_v4=nonsense", []),
        ("access_ip_v6=2001:DB8::1", ["a"]),
        ("auto_disk_config=false", ["b", "a"]),
        ("auto_disk_config=true", []),
        ("config_drive=True", ["b", "a"]),
        ("config_drive=no", []),
        ("kernel_id=x", []),
        ("ramdisk_id=x", []),
        ("launch_index=1", ["b"]),
        ("power_state=1", ["a"]),
        ("power_state=4", ["b"]),
        ("progress=100", ["a"]),
        ("progress=7", []),
        ("launched_at=2026-01-01T00:00:00Z", ["a"]),
        ("launched_at=2026-01-01T00:00:01Z", []),
        ("created_at=2001-01-01T00:00:00Z", []),
        ("terminated_at=2001-01-01T00:00:00Z", []),
        ("soft_deleted=true", ["b", "a"]),
    ],
)
def test_filters_of_servers(member: Compute, blue: Project, query: str, names: list[str]) -> None:
    factories.InstanceFactory(
        project=blue,
        name="a",
        access_ipv4="192.0.2.1",
        access_ipv6="2001:db8::1",
        launched_at="2026-01-01T00:00:00.5Z",
    )
    factories.InstanceFactory(project=blue, name="b", launch_index=1, vm_state=VmState.STOPPED)
    assert [row["name"] for row in member.at("2.83").get(f"servers?{query}")["servers"]] == names


def test_only_administrators_list_the_recycle_bin(admin: Compute, blue: Project) -> None:
    factories.InstanceFactory(project=blue, name="a")
    factories.InstanceFactory(project=blue, name="bin", vm_state=VmState.SOFT_DELETED)
    assert [row["name"] for row in admin.get("servers?soft_deleted=true")["servers"]] == ["bin"]


@pytest.mark.parametrize(
    "query", ["launch_index=x", "progress=x", "created_at=x", "locked_by=owner", "hostname=x"]
)
def test_filters_that_cannot_be_used(member: Compute, query: str) -> None:
    member.at("2.83").get(f"servers?{query}", 400)


# ── 2.84: why an event failed ────────────────────────────────────────────────────────────────────
def test_the_details_of_a_failed_event(member: Compute, server: Instance) -> None:
    entry = {
        "name": "place",
        "label": "",
        "began": "2026-01-01T00:00:00+00:00",
        "ended": None,
        "undone": None,
    }
    factories.OperationFactory(
        instance=server,
        kind="instance.start",
        state="failed",
        request_id="req-1",
        timeline=[entry],
        error={"code": "x", "message": "No host."},
    )
    path = f"servers/{server.pk}/os-instance-actions/req-1"
    (event,) = member.at("2.84").get(path)["instanceAction"]["events"]
    assert (event["result"], event["details"]) == ("Error", "No host.")
    assert "details" not in member.at("2.83").get(path)["instanceAction"]["events"][0]


# ── 2.88: hypervisors do not count ───────────────────────────────────────────────────────────────
def test_a_hypervisor_says_how_long_it_runs(admin: Compute, own_host: Hypervisor) -> None:
    Hypervisor.objects.update(state="up")
    new = admin.at("2.88")
    shown = new.get(f"os-hypervisors/{own_host.pk}")["hypervisor"]
    assert "load average" in shown["uptime"]
    assert not {"vcpus", "cpu_info", "running_vms"} & set(shown)
    assert new.get("os-hypervisors/detail")["hypervisors"][0]["hypervisor_hostname"] == own_host.name
    new.get("os-hypervisors/statistics", 404)
    new.get(f"os-hypervisors/{own_host.pk}/uptime", 404)


@pytest.mark.parametrize("state", ["up", "unreachable"])
def test_a_hypervisor_that_does_not_answer_has_none(admin: Compute, state: str) -> None:
    questions.forget()
    host = factories.HypervisorFactory(name="lab-2", state=state)
    assert admin.at("2.88").get(f"os-hypervisors/{host.pk}")["hypervisor"]["uptime"] is None
