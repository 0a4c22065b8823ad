"""What the microversions from 2.74 to 2.96 have changed, each at the version that brought it and at the one before."""

from typing import Any

import pytest

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.hosts.models import Hypervisor
from compute.hosts.services import questions
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.instances.services.config_drive import hostname
from compute.instances.states import VmState
from compute.volumes.models import Volume
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


# ── 2.89: attachments have ids of their own ──────────────────────────────────────────────────────
def test_attachments_have_their_own_ids(member: Compute, server: Instance) -> None:
    row = factories.AttachmentFactory(instance=server)
    path = f"servers/{server.pk}/os-volume_attachments"
    for address in (path, f"{path}/{row.volume_id}"):
        old, new = (member.at(version).get(address) for version in ("2.88", "2.89"))
        (old,) = old.get("volumeAttachments") or [old["volumeAttachment"]]
        (new,) = new.get("volumeAttachments") or [new["volumeAttachment"]]
        assert old["id"] == str(row.volume_id)
        assert "attachment_id" not in old
        assert (new["attachment_id"], new["volumeId"]) == (str(row.pk), str(row.volume_id))
        assert "id" not in new


# ── 2.90: host names ─────────────────────────────────────────────────────────────────────────────
SHOWN_HOSTNAME = "OS-EXT-SRV-ATTR:hostname"


def test_a_host_name_is_chosen_and_changed(member: Compute, wish: dict[str, Any]) -> None:
    new = member.at("2.90")
    body = {"server": {**wish, "networks": "auto", "name": "Web 1", "hostname": "Front-1"}}
    made = new.post("servers", body, 202)["server"]["id"]
    row = Instance.objects.get(pk=made)
    assert new.get(f"servers/{made}")["server"][SHOWN_HOSTNAME] == hostname(row) == "front-1"
    assert SHOWN_HOSTNAME not in member.at("2.89").get(f"servers/{made}")["server"]
    Instance.objects.update(vm_state=VmState.ACTIVE, task_state=None)
    changed = new.put(f"servers/{made}", {"server": {"hostname": "front-2", "name": "other"}})["server"]
    assert (changed[SHOWN_HOSTNAME], changed["name"]) == ("front-2", "other")
    fault = member.at("2.89").put(f"servers/{made}", {"server": {"hostname": "front-3"}}, 400)
    assert "hostname" in fault["badRequest"]["message"]


def test_a_host_name_follows_from_the_name_unless_it_was_chosen(member: Compute, server: Instance) -> None:
    Instance.objects.update(name="Web 1")
    assert member.at("2.90").get(f"servers/{server.pk}")["server"][SHOWN_HOSTNAME] == "web-1"


@pytest.mark.parametrize("name", ["", "-a", "a-", "a.b", "a_b", "é", "x" * 64, 7, None])
def test_wrong_host_names(member: Compute, server: Instance, wish: dict[str, Any], name: object) -> None:
    new = member.at("2.90")
    body = {"server": {**wish, "networks": "auto", "hostname": name}}
    for fault in (
        new.post("servers", body, 400),
        new.put(f"servers/{server.pk}", {"server": {"hostname": name}}, 400),
    ):
        assert "hostname: " in fault["badRequest"]["message"]


def test_several_servers_have_no_common_host_name(member: Compute, wish: dict[str, Any]) -> None:
    body = {"server": {**wish, "networks": "auto", "hostname": "one", "max_count": 2}}
    fault = member.at("2.90").post("servers", body, 400)
    assert "hostname: " in fault["badRequest"]["message"]
    assert not Instance.objects.filter(name__startswith="web-").exists()


def test_a_rebuilt_server_gets_another(member: Compute, server: Instance, image: Image) -> None:
    wish = {"imageRef": str(image.pk), "hostname": "fresh"}
    answer = member.at("2.90").act(server.pk, "rebuild", wish)
    assert answer["server"][SHOWN_HOSTNAME] == "fresh"
    member.at("2.89").act(server.pk, "rebuild", wish, 400)


# ── 2.91: unshelved on a host, or bound to no zone any more ──────────────────────────────────────
@pytest.mark.parametrize(
    ("version", "value", "status"),
    [
        ("2.91", {"host": "host-a"}, 202),
        ("2.91", {"host": "host-a", "availability_zone": "east"}, 202),
        ("2.91", {"host": "host-b"}, 409),
        ("2.91", {"host": "host-z"}, 400),
        ("2.91", {"host": ""}, 400),
        ("2.91", {}, 400),
        ("2.90", {"host": "host-a"}, 400),
        ("2.90", {"availability_zone": None}, 400),
    ],
)
def test_unshelved_on_a_host(
    admin: Compute, member: Compute, server: Instance, version: str, value: Any, status: int
) -> None:
    factories.HypervisorFactory(name="host-b")
    shelved(server)
    admin.at(version).act(server.pk, "unshelve", value, status)
    if "host" in value and version == "2.91" and status != 400:
        Instance.objects.update(task_state=None)
        Operation.objects.all().delete()
        member.at(version).act(server.pk, "unshelve", value, 403)


def test_unshelved_and_no_longer_bound_to_its_zone(member: Compute, server: Instance) -> None:
    shelved(server)
    Instance.objects.update(requested_zone="east")
    member.at("2.91").act(server.pk, "unshelve", {"availability_zone": None})
    assert Instance.objects.get().requested_zone == ""


# ── 2.92: keys are made by their owners ──────────────────────────────────────────────────────────
def test_no_key_is_made_here_any_more(member: Compute) -> None:
    body = {"keypair": {"name": "me@home.example"}}
    fault = member.at("2.92").post("os-keypairs", body, 400)
    assert "public_key: " in fault["badRequest"]["message"]
    assert "private_key" in member.at("2.91").post("os-keypairs", body, 201)["keypair"]


# ── 2.93: rebuilt on a volume ────────────────────────────────────────────────────────────────────
def on_a_volume(server: Instance) -> Volume:
    """Let the server boot from a volume."""
    Instance.objects.update(boots_from_volume=True, image=None)
    return factories.AttachmentFactory(instance=server, boots=True).volume


def test_a_server_on_a_volume_is_rebuilt(member: Compute, server: Instance, image: Image) -> None:
    volume = on_a_volume(server)
    wish = {"imageRef": str(image.pk), "name": "anew"}
    shown = member.at("2.93").act(server.pk, "rebuild", wish)["server"]
    assert (shown["status"], shown["name"], shown["image"]) == ("REBUILD", "anew", "")
    operation = Operation.objects.get()
    assert operation.kind == "instance.rebuild_volume"
    assert set(operation.holds.values_list("resource_id", "shared")) == {
        (server.pk, False),
        (volume.pk, False),
        (image.pk, True),
    }
    fault = member.at("2.92").act(server.pk, "rebuild", wish, 400)
    assert "imageRef: " in fault["badRequest"]["message"]


def test_an_image_larger_than_the_volume(member: Compute, server: Instance, image: Image) -> None:
    on_a_volume(server)
    Image.objects.filter(pk=image.pk).update(min_disk_gib=2)
    fault = member.at("2.93").act(server.pk, "rebuild", {"imageRef": str(image.pk)}, 400)
    assert "needs 2 GiB of disk" in fault["badRequest"]["message"]


def test_a_volume_that_is_changing(member: Compute, server: Instance, image: Image) -> None:
    Volume.objects.filter(pk=on_a_volume(server).pk).update(task_state="extending")
    member.at("2.93").act(server.pk, "rebuild", {"imageRef": str(image.pk)}, 409)


# ── 2.94: host names with domains ────────────────────────────────────────────────────────────────
def test_a_host_name_has_a_domain(member: Compute, server: Instance) -> None:
    body = {"server": {"hostname": "Web.Example.org"}}
    shown = member.at("2.94").put(f"servers/{server.pk}", body)["server"]
    assert shown[SHOWN_HOSTNAME] == "web.example.org"
    member.at("2.93").put(f"servers/{server.pk}", body, 400)
    for wrong in ("a..b", ".a", "a.", "-a.b", f"{'x' * 64}.b", "a." * 127 + "aa"):
        member.at("2.94").put(f"servers/{server.pk}", {"server": {"hostname": wrong}}, 400)


# ── 2.96: the zone that was asked for ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("requested", "shown"), [("", None), ("east", "east")])
def test_the_zone_that_was_asked_for(
    member: Compute, server: Instance, requested: str, shown: str | None
) -> None:
    Instance.objects.update(requested_zone=requested)
    new = member.at("2.96")
    for row in (
        new.get(f"servers/{server.pk}")["server"],
        new.get("servers/detail")["servers"][0],
        new.put(f"servers/{server.pk}", {"server": {}})["server"],
    ):
        assert row["pinned_availability_zone"] == shown
    assert "pinned_availability_zone" not in member.at("2.95").get(f"servers/{server.pk}")["server"]


# ── All of them ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("network", "server")
@pytest.mark.parametrize("minor", range(73, 97))
def test_lists_in_each_version(admin: Compute, minor: int) -> None:
    for path in (
        "servers/detail",
        "flavors/detail",
        "os-keypairs",
        "os-services",
        "os-migrations",
        "os-aggregates",
    ):
        admin.at(f"2.{minor}").get(path)
