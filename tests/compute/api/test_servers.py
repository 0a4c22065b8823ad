"""Servers by the Compute API: create, list, show, update, delete, actions and what stands below them."""

import base64
import uuid
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Project
from compute import states
from compute.api.server_actions import _HANDLERS
from compute.models import ConsoleToken, Flavor, Image, Instance, Network, Operation
from compute.services import config_drive
from compute.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]
NOBODYS = "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1"


@pytest.fixture
def server(blue: Project, flavor: Flavor, image: Image, network: Network) -> Instance:
    """One that runs in blue."""
    host = factories.HypervisorFactory(name="host-a")
    row = factories.InstanceFactory(project=blue, flavor=flavor, image=image, hypervisor=host, name="web")
    factories.PortFactory(instance=row, network=network, address="10.48.0.9")
    return row


# ── Create ───────────────────────────────────────────────────────────────────────────────────────
def test_create(member: Compute, wish: Wish) -> None:
    data = base64.b64encode(b"#!/bin/sh\necho hello").decode()
    more = {
        "metadata": {"stage": "test"},
        "user_data": data,
        "config_drive": True,
        "security_groups": [{"name": "default"}],
        "accessIPv4": "192.0.2.7",
        "accessIPv6": "",
        "min_count": 1,
        "max_count": 1,
        "block_device_mapping_v2": [
            {
                "uuid": wish["imageRef"],
                "boot_index": 0,
                "source_type": "image",
                "destination_type": "local",
                "delete_on_termination": True,
            }
        ],
    }
    made = member.post("servers", {"server": wish | more}, 202)["server"]
    assert set(made) == {"id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"}
    row = Instance.objects.get(pk=made["id"])
    assert (row.metadata, row.access_ipv4, row.access_ipv6) == ({"stage": "test"}, "192.0.2.7", None)
    assert row.user_data == data
    assert row.ports.count() == 1
    (operation,) = row.operations.all()
    assert operation.parameters == {"admin_password": made["adminPass"]}
    shown = member.get(f"servers/{made['id']}")["server"]
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("BUILD", "scheduling")
    assert shown["flavor"]["id"] == wish["flavorRef"]


def test_the_password_reaches_the_guest_and_is_forgotten(member: Compute, wish: Wish) -> None:
    made = member.post("servers", {"server": wish | {"adminPass": "sesame open"}}, 202)["server"]
    row = Instance.objects.get(pk=made["id"])
    assert made["adminPass"] == "sesame open"
    assert b"sesame open" in config_drive.build(row, "sesame open")
    operation = row.operations.get()
    from compute.actions.launch import Launch

    Launch().failed(operation)
    assert Operation.objects.get(pk=operation.pk).parameters == {}


@pytest.mark.parametrize(
    ("version", "change", "field"),
    [
        ("2.1", {"imageRef": NOBODYS}, "imageRef"),
        ("2.1", {"imageRef": "nonsense"}, "imageRef"),
        ("2.1", {"imageRef": None}, "imageRef"),
        ("2.1", {"flavorRef": "nonsense"}, "flavorRef"),
        ("2.1", {"name": ""}, "name"),
        ("2.1", {"name": "x" * 256}, "name"),
        ("2.1", {"key_name": "none"}, "key_name"),
        ("2.1", {"networks": [{"uuid": NOBODYS}]}, "networks"),
        ("2.1", {"networks": [{"port": NOBODYS}]}, "networks"),
        ("2.1", {"networks": "auto"}, "networks"),
        ("2.37", {}, "networks"),
        ("2.1", {"user_data": "%%%"}, "user_data"),
        ("2.1", {"metadata": {"a" * 256: "b"}}, "metadata"),
        ("2.1", {"metadata": ["a"]}, "metadata"),
        ("2.1", {"accessIPv4": "1.2.3"}, "accessIPv4"),
        ("2.1", {"accessIPv6": "1.2.3.4"}, "accessIPv6"),
        ("2.1", {"min_count": 3, "max_count": 2}, "min_count"),
        ("2.1", {"min_count": "x"}, "min_count"),
        ("2.1", {"security_groups": [{"name": "web"}]}, "security_groups"),
        ("2.1", {"availability_zone": "mars"}, "availability_zone"),
        ("2.1", {"personality": [{"path": "/a", "contents": ""}]}, "personality"),
        ("2.1", {"block_device_mapping_v2": [{"source_type": "volume"}]}, "block_device_mapping_v2"),
        ("2.52", {"networks": "none", "tags": ["a/b"]}, "tags"),
    ],
)
def test_wrong_wishes(member: Compute, wish: Wish, version: str, change: Wish, field: str) -> None:
    said = member.at(version).post("servers", {"server": wish | change}, 400)["badRequest"]["message"]
    assert field in said
    assert not Instance.objects.exists()


@pytest.mark.parametrize("body", [{}, {"server": None}, {"server": []}, [], {"serve": {}}])
def test_bodies_that_are_none(member: Compute, body: Any) -> None:
    member.post("servers", body, 400)


def test_several_at_once(member: Compute, wish: Wish) -> None:
    many = wish | {"min_count": 1, "max_count": "2", "return_reservation_id": True, "networks": "none"}
    answer = member.at("2.37").post("servers", {"server": many}, 202)
    assert answer["reservation_id"].startswith("r-")
    assert sorted(Instance.objects.values_list("name", flat=True)) == ["web-1", "web-2"]


def test_no_quota(member: Compute, wish: Wish, admin: Compute, blue: Project) -> None:
    admin.put(f"os-quota-sets/{blue.id}", {"quota_set": {"instances": 0}})
    assert "Instances" in member.post("servers", {"server": wish}, 403)["forbidden"]["message"]


def test_readers_create_nothing(reader: Compute, wish: Wish) -> None:
    reader.post("servers", {"server": wish}, 403)


# ── Show and list ────────────────────────────────────────────────────────────────────────────────
SINCE = {
    "locked": 9,
    "description": 19,
    "tags": 26,
    "trusted_image_certificates": 63,
    "server_groups": 71,
    "locked_reason": 73,
}


@pytest.mark.parametrize("minor", [1, 3, 8, 9, 16, 18, 19, 25, 26, 46, 47, 62, 63, 70, 71, 72, 73])
def test_the_body_by_version(member: Compute, admin: Compute, server: Instance, minor: int) -> None:
    shown = member.at(f"2.{minor}").get(f"servers/{server.pk}")["server"]
    assert {name for name in SINCE if name in shown} == {name for name in SINCE if SINCE[name] <= minor}
    assert ("original_name" in shown["flavor"]) == (minor >= 47)
    assert ("id" in shown["flavor"]) == (minor < 47)
    assert shown["addresses"]["default"][0]["addr"] == "10.48.0.9"
    assert not [name for name in shown if name.startswith("OS-EXT-SRV-ATTR")]
    its = admin.at(f"2.{minor}").get(f"servers/{server.pk}")["server"]
    assert its["OS-EXT-SRV-ATTR:host"] == "host-a"
    assert ("OS-EXT-SRV-ATTR:hostname" in its) == (minor >= 3)
    assert ("host_status" in its) == (minor >= 16)
    (listed,) = member.at(f"2.{minor}").get("servers/detail")["servers"]
    assert listed == {name: value for name, value in shown.items() if name != "server_groups"}


def test_a_deleted_flavor_is_shown_as_it_was(
    member: Compute, admin: Compute, server: Instance, flavor: Flavor
) -> None:
    """Also when another one has taken its id and its name."""
    key, name, vcpus = flavor.pk, flavor.name, flavor.vcpus
    before = {
        minor: member.at(minor).get(f"servers/{server.pk}")["server"]["flavor"] for minor in ("2.1", "2.47")
    }
    assert before["2.1"]["id"] == key
    assert (before["2.47"]["original_name"], before["2.47"]["vcpus"]) == (name, vcpus)
    admin.delete(f"flavors/{key}", 202)
    member.get(f"flavors/{key}", 404)
    wish = {"id": key, "name": name, "vcpus": 4, "ram": 4096, "disk": 40}
    for follower in (None, wish):
        if follower:
            admin.post("flavors", {"flavor": follower}, 200)
        for minor, shown in before.items():
            assert member.at(minor).get(f"servers/{server.pk}")["server"]["flavor"] == shown


@pytest.mark.parametrize("state", list(VmState))
def test_every_state_has_its_status(member: Compute, blue: Project, state: VmState) -> None:
    row = factories.InstanceFactory(project=blue, vm_state=state)
    if state in {VmState.DELETED, VmState.SOFT_DELETED}:
        member.get(f"servers/{row.pk}", 404)
        return
    shown = member.get(f"servers/{row.pk}")["server"]
    assert shown["status"] == states.status(state, None)
    assert shown["OS-EXT-STS:vm_state"] == state
    found = member.get(f"servers?status={shown['status']}")["servers"]
    assert [each["id"] for each in found] == [str(row.pk)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["c", "b", "a"]),
        ("name=^a$", ["a"]),
        ("name=[ab]", ["b", "a"]),
        ("name=z", []),
        ("status=ACTIVE", ["c", "a"]),
        ("status=active&status=shutoff", ["c", "b", "a"]),
        ("status=NONSENSE", []),
        ("sort_key=display_name&sort_dir=asc", ["a", "b", "c"]),
        ("sort_key=vm_state&sort_dir=asc&sort_key=display_name&sort_dir=desc", ["c", "a", "b"]),
        ("limit=2", ["c", "b"]),
        ("ip=10.48.7", ["b"]),
        ("flavor=nothing", []),
        ("image=nothing", []),
        ("unknown=1", ["c", "b", "a"]),
        ("changes-since=2001-01-01T00:00:00Z", ["c", "b", "a"]),
        ("changes-since=2100-01-01T00:00:00Z", []),
        ("deleted=False", ["c", "b", "a"]),
        ("host=nothing", ["c", "b", "a"]),
        ("vm_state=stopped", ["b"]),
    ],
)
def test_lists(member: Compute, blue: Project, red: Project, query: str, names: list[str]) -> None:
    for name, state in {"a": VmState.ACTIVE, "b": VmState.STOPPED, "c": VmState.ACTIVE}.items():
        row = factories.InstanceFactory(project=blue, name=name, vm_state=state)
        if name == "b":
            factories.PortFactory(instance=row, address="10.48.7.7")
    factories.InstanceFactory(project=blue, name="bin", vm_state=VmState.SOFT_DELETED)
    factories.InstanceFactory(project=red, name="a")
    assert [row["name"] for row in member.get(f"servers?{query}")["servers"]] == names
    assert [row["name"] for row in member.get(f"servers/detail?{query}")["servers"]] == names


@pytest.mark.parametrize(
    ("version", "query"),
    [
        ("2.1", "limit=-1"),
        ("2.1", "limit=x"),
        ("2.1", f"marker={NOBODYS}"),
        ("2.1", "sort_key=password"),
        ("2.1", "sort_dir=up"),
        ("2.1", "name=["),
        ("2.1", "name=(a%2B)%2B$"),
        ("2.1", "changes-since=yesterday"),
        ("2.38", "status=NONSENSE"),
    ],
)
def test_wrong_lists(member: Compute, version: str, query: str) -> None:
    member.at(version).get(f"servers?{query}", 400)


def test_pages(member: Compute, blue: Project) -> None:
    for number in range(5):
        factories.InstanceFactory(project=blue, name=f"n{number}")
    names, path = [], "servers/detail?limit=2"
    while path:
        page = member.get(path)
        names += [row["name"] for row in page["servers"]]
        path = (
            "/compute" + page["servers_links"][0]["href"].partition("/compute")[2]
            if "servers_links" in page
            else ""
        )
    assert names == ["n4", "n3", "n2", "n1", "n0"]


def test_all_tenants(member: Compute, admin: Compute, blue: Project, red: Project) -> None:
    theirs = factories.InstanceFactory(project=red)
    gone = factories.InstanceFactory(project=blue, vm_state=VmState.DELETED)
    assert admin.get("servers")["servers"] == []
    assert [row["id"] for row in admin.get("servers?all_tenants=1")["servers"]] == [str(theirs.pk)]
    assert admin.get(f"servers?all_tenants=True&project_id={blue.id}")["servers"] == []
    assert [row["id"] for row in admin.get("servers?deleted=True")["servers"]] == [str(gone.pk)]
    member.get("servers?all_tenants=1", 403)


def test_lists_cost_a_constant_number_of_queries(
    member: Compute, blue: Project, network: Network, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection

    counts = []
    for number in (1, 9):
        for _each in range(number):
            factories.PortFactory(instance=factories.InstanceFactory(project=blue), network=network)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            member.at("2.73").get("servers/detail")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_filters_by_tags_and_locks(member: Compute, blue: Project) -> None:
    factories.InstanceFactory(project=blue, name="a", tags=["x", "y"], locked=True)
    factories.InstanceFactory(project=blue, name="b", tags=["y"])
    tables = {
        "tags=x,y": ["a"],
        "tags=y": ["b", "a"],
        "tags-any=x,z": ["a"],
        "not-tags=x,y": ["b"],
        "not-tags-any=y": [],
        "locked=true": ["a"],
        "locked=false": ["b"],
    }
    for query, names in tables.items():
        assert [row["name"] for row in member.at("2.73").get(f"servers?{query}")["servers"]] == names


# ── Update, delete, foreign ones ─────────────────────────────────────────────────────────────────
def test_update(member: Compute, server: Instance) -> None:
    change = {"server": {"name": "shop", "description": "sells", "accessIPv4": "192.0.2.9"}}
    shown = member.at("2.19").put(f"servers/{server.pk}", change)["server"]
    assert (shown["name"], shown["description"], shown["accessIPv4"]) == ("shop", "sells", "192.0.2.9")
    assert "key_name" not in shown
    member.put(f"servers/{server.pk}", {"server": {"name": " "}}, 400)


def test_delete(member: Compute, server: Instance) -> None:
    member.delete(f"servers/{server.pk}")
    assert member.get(f"servers/{server.pk}")["server"]["OS-EXT-STS:task_state"] == "soft-deleting"
    Instance.objects.filter(pk=server.pk).update(vm_state=VmState.SOFT_DELETED, task_state=None)
    member.delete(f"servers/{server.pk}", 404)
    member.act(server.pk, "restore")
    assert Operation.objects.filter(kind="restore").exists()


BELOW = [
    "",
    "/ips",
    "/ips/default",
    "/metadata",
    "/metadata/a",
    "/tags",
    "/tags/a",
    "/os-interface",
    "/os-volume_attachments",
    "/os-security-groups",
    "/os-instance-actions",
    "/os-instance-actions/req-1",
]


@pytest.mark.parametrize("path", BELOW)
def test_a_foreign_server_is_as_unknown_as_any(member: Compute, red: Project, path: str) -> None:
    foreign = factories.InstanceFactory(project=red, metadata={"a": "b"}, tags=["a"])
    newest = member.at("2.73")
    its = newest.get(f"servers/{foreign.pk}{path}", 404)
    unknown = newest.get(f"servers/{uuid.uuid4()}{path}", 404)
    assert its["itemNotFound"]["message"][-20:] == unknown["itemNotFound"]["message"][-20:]


# ── Actions ──────────────────────────────────────────────────────────────────────────────────────
GOOD: dict[str, tuple[VmState, Any, int]] = {
    "os-start": (VmState.STOPPED, None, 202),
    "os-stop": (VmState.ACTIVE, None, 202),
    "reboot": (VmState.ACTIVE, {"type": "SOFT"}, 202),
    "pause": (VmState.ACTIVE, None, 202),
    "unpause": (VmState.PAUSED, None, 202),
    "suspend": (VmState.ACTIVE, None, 202),
    "resume": (VmState.SUSPENDED, None, 202),
    "lock": (VmState.ACTIVE, None, 202),
    "unlock": (VmState.ACTIVE, None, 202),
    "shelve": (VmState.ACTIVE, None, 202),
    "unshelve": (VmState.SHELVED, None, 202),
    "shelveOffload": (VmState.SHELVED, None, 409),
    "rescue": (VmState.ACTIVE, None, 200),
    "unrescue": (VmState.RESCUED, None, 202),
    "resize": (VmState.ACTIVE, {"flavorRef": "2"}, 202),
    "confirmResize": (VmState.RESIZED, None, 204),
    "revertResize": (VmState.RESIZED, None, 202),
    "createImage": (VmState.ACTIVE, {"name": "image"}, 202),
    "changePassword": (VmState.ACTIVE, {"adminPass": "a new one"}, 202),
    "os-getConsoleOutput": (VmState.ACTIVE, {"length": 5}, 200),
    "os-getVNCConsole": (VmState.ACTIVE, {"type": "novnc"}, 200),
    "os-resetState": (VmState.ACTIVE, {"state": "error"}, 403),
    **dict.fromkeys(
        (
            "createBackup",
            "trigger_crash_dump",
            "migrate",
            "os-migrateLive",
            "evacuate",
            "addSecurityGroup",
            "removeSecurityGroup",
        ),
        (VmState.ACTIVE, None, 501),
    ),
}


@pytest.mark.parametrize("name", sorted(_HANDLERS))
def test_actions(member: Compute, server: Instance, name: str) -> None:
    """Each in a state that allows it; and in one that does not, with what Nova says then."""
    factories.FlavorFactory(id="2", ram_mib=256)
    Instance.objects.filter(pk=server.pk).update(restore_to=VmState.ACTIVE, agent={})
    if name == "rebuild":
        wish = {"imageRef": str(server.image_id), "name": "new", "metadata": {"a": "b"}}
        shown = member.at("2.54").act(server.pk, name, wish)["server"]
        assert (shown["name"], shown["metadata"], shown["key_name"]) == ("new", {"a": "b"}, None)
        return
    state, wish, status = GOOD[name]
    Instance.objects.filter(pk=server.pk).update(vm_state=state)
    member.act(server.pk, name, wish, status)
    if status in {202, 204} and name not in {"lock", "unlock"}:
        said = member.act(server.pk, name, wish, 409)
        assert said["conflictingRequest"]["code"] == 409


def test_a_password_needs_an_agent(member: Compute, server: Instance) -> None:
    said = member.act(server.pk, "changePassword", {"adminPass": "a new one"}, 409)
    assert said["conflictingRequest"]["message"] == "QEMU guest agent is not enabled."
    for wrong in ({}, {"adminPass": None}, {"adminPass": 7}, None):
        member.act(server.pk, "changePassword", wrong, 400)
    Instance.objects.filter(pk=server.pk).update(agent={})
    member.act(server.pk, "changePassword", {"adminPass": "a new one"}, 202)
    operation = Operation.objects.get()
    assert operation.parameters == {"user": "root", "admin_password": "a new one"}
    assert "a new one" not in str(list(AuditEvent.objects.values()))


def test_a_reader_acts_on_nothing(reader: Compute, server: Instance) -> None:
    for name in ("os-stop", "pause", "lock", "os-getConsoleOutput", "os-getVNCConsole"):
        reader.act(server.pk, name, {"type": "novnc"} if "VNC" in name else None, 403)
    reader.delete(f"servers/{server.pk}", 403)
    assert not Operation.objects.exists()


def test_a_locked_server(member: Compute, admin: Compute, server: Instance) -> None:
    member.at("2.73").act(server.pk, "lock", {"locked_reason": "do not touch"})
    shown = member.at("2.73").get(f"servers/{server.pk}")["server"]
    assert (shown["locked"], shown["locked_reason"]) == (True, "do not touch")
    for name in ("os-stop", "pause", "shelve"):
        assert "locked" in member.act(server.pk, name, None, 409)["conflictingRequest"]["message"]
    member.delete(f"servers/{server.pk}", 409)
    member.act(server.pk, "unlock")
    member.act(server.pk, "os-stop")


@pytest.mark.parametrize(
    "body", [{}, {"a": None, "b": None}, {"nonsense": None}, {"reboot": {"type": "X"}}, {"reboot": "SOFT"}]
)
def test_wrong_actions(member: Compute, server: Instance, body: Any) -> None:
    member.post(f"servers/{server.pk}/action", body, 400)


def test_reset_state(admin: Compute, server: Instance) -> None:
    admin.act(server.pk, "os-resetState", {"state": "error"})
    assert admin.get(f"servers/{server.pk}")["server"]["status"] == "ERROR"
    admin.act(server.pk, "os-resetState", {"state": "active"})
    admin.act(server.pk, "os-resetState", {"state": "paused"}, 400)
    assert Instance.objects.get(pk=server.pk).vm_state == VmState.ACTIVE


def test_resizing_to_nothing(member: Compute, server: Instance) -> None:
    for ref in ("nonsense", server.flavor_id, None):
        said = member.act(server.pk, "resize", {"flavorRef": ref}, 400)
        assert "flavorRef" in said["badRequest"]["message"]


def test_consoles(member: Compute, server: Instance) -> None:
    wish = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    given = member.at("2.6").post(f"servers/{server.pk}/remote-consoles", wish)["remote_console"]
    assert "/remote-console/?path=console%2F%3Ftoken%3D" in given["url"]
    assert ConsoleToken.objects.count() == 1
    member.post(f"servers/{server.pk}/remote-consoles", wish, 404)
    member.at("2.6").act(server.pk, "os-getVNCConsole", {"type": "novnc"}, 404)
    spice = {"remote_console": {"protocol": "spice", "type": "spice-html5"}}
    member.at("2.6").post(f"servers/{server.pk}/remote-consoles", spice, 400)
    Instance.objects.update(vm_state=VmState.STOPPED)
    member.at("2.6").post(f"servers/{server.pk}/remote-consoles", wish, 409)


# ── Below a server ───────────────────────────────────────────────────────────────────────────────
def test_metadata(member: Compute, server: Instance) -> None:
    path = f"servers/{server.pk}/metadata"
    assert member.put(path, {"metadata": {"a": "1"}}) == {"metadata": {"a": "1"}}
    assert member.post(path, {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
    assert member.put(f"{path}/b", {"meta": {"b": "3"}}) == {"meta": {"b": "3"}}
    assert member.get(f"{path}/b") == {"meta": {"b": "3"}}
    member.put(f"{path}/b", {"meta": {"c": "3"}}, 400)
    member.put(path, {"metadata": {"a": 1}}, 400)
    member.delete(f"{path}/b")
    member.delete(f"{path}/b", 404)
    assert member.get(path) == {"metadata": {"a": "1"}}


def test_tags(member: Compute, server: Instance) -> None:
    newer, path = member.at("2.26"), f"servers/{server.pk}/tags"
    member.get(path, 404)
    assert newer.put(path, {"tags": ["b", "a", "a"]}) == {"tags": ["a", "b"]}
    assert newer.call("PUT", f"{path}/c")["Location"].endswith("/tags/c")
    newer.put(f"{path}/c", None, 204)
    newer.get(f"{path}/c", 204)
    newer.delete(f"{path}/c")
    newer.delete(f"{path}/c", 404)
    newer.put(path, {"tags": "a"}, 400)
    newer.delete(path)
    assert newer.get(path) == {"tags": []}


def test_parts(member: Compute, admin: Compute, server: Instance) -> None:
    path = f"servers/{server.pk}"
    assert member.get(f"{path}/ips/default") == {"default": [{"version": 4, "addr": "10.48.0.9"}]}
    assert list(member.get(f"{path}/ips")["addresses"]) == ["default"]
    assert member.get(f"{path}/os-volume_attachments") == {"volumeAttachments": []}
    assert member.get(f"{path}/os-security-groups")["security_groups"][0]["name"] == "default"
    (card,) = member.get(f"{path}/os-interface")["interfaceAttachments"]
    assert card["fixed_ips"][0]["ip_address"] == "10.48.0.9"
    member.get(f"{path}/diagnostics", 403)
    found = admin.at("2.48").get(f"{path}/diagnostics")
    assert (found["state"], found["num_cpus"], found["num_nics"]) == ("running", 1, 1)


def test_instance_actions(member: Compute, admin: Compute, server: Instance) -> None:
    member.act(server.pk, "os-stop")
    (row,) = member.get(f"servers/{server.pk}/os-instance-actions")["instanceActions"]
    assert (row["action"], row["message"]) == ("stop", None)
    assert "updated_at" not in row
    path = f"servers/{server.pk}/os-instance-actions/{row['request_id']}"
    assert "events" not in member.get(path)["instanceAction"]
    assert member.at("2.62").get(path)["instanceAction"]["events"] == []
    Operation.objects.update(
        timeline=[{"name": "shut_down", "began": "2026-01-01T00:00:00+00:00", "ended": None}]
    )
    (event,) = admin.at("2.62").get(path)["instanceAction"]["events"]
    assert (event["event"], event["start_time"]) == ("compute_shut_down", "2026-01-01T00:00:00.000000")
    assert event["host"] == "host-a"
    member.get(f"servers/{server.pk}/os-instance-actions/req-none", 404)


# ── Image and Network ────────────────────────────────────────────────────────────────────────────
def test_images(member: Compute, blue: Project, red: Project, image: Image) -> None:
    factories.ImageFactory(name="theirs", visibility="private", project=red)
    assert member.call("GET", "/image").status_code == 300
    (row,) = member.get("/image/v2/images")["images"]
    assert (row["id"], row["name"], row["status"]) == (str(image.pk), "tiny", "active")
    assert member.get(f"/image/v2/images?name={image.name}")["images"]
    assert member.get("/image/v2/images?name=tin")["images"] == []
    assert member.get(f"/image/v2/images?id=in:{image.pk},{uuid.uuid4()}")["images"]
    assert member.get(f"/image/v2/images/{image.pk}") == row
    assert member.get("/image/v2/images/tiny", 404)["message"]
    member.get("/image/v2/images?marker=x", 400)
    factories.ImageFactory(name="other")
    page = member.get("/image/v2/images?limit=1")
    assert page["next"].startswith("/v2/images?limit=1&marker=")
    assert member.get("/image/v2/schemas/image")["name"] == "image"


def test_networks(member: Compute, red: Project, network: Network) -> None:
    factories.NetworkFactory(name="theirs", project=red)
    for path in ("/network", "/network/", "/network/v2.0", "/network/v2.0/"):
        Compute().get(path)
    (row,) = member.get("/network/v2.0/networks")["networks"]
    assert (row["id"], row["shared"]) == (str(network.pk), True)
    assert member.get("/network/v2.0/networks?name=default&name=other&fields=id")["networks"] == [
        {"id": str(network.pk)}
    ]
    assert member.get("/network/v2.0/networks?name=def")["networks"] == []
    assert member.get("/network/v2.0/networks?shared=True")["networks"] == [row]
    assert member.get(f"/network/v2.0/networks/{network.pk}")["network"] == row
    assert "NeutronError" in member.get("/network/v2.0/networks/default", 404)
    (subnet,) = row["subnets"]
    assert member.get(f"/network/v2.0/subnets/{subnet}")["subnet"]["cidr"] == network.cidr
    assert member.get("/network/v2.0/extensions") == {"extensions": []}


def test_the_catalog_names_them(member: Compute) -> None:
    from accounts.services import catalog

    catalog.ensure()
    entries = member.get("/identity/v3/auth/catalog")["catalog"]
    found = {entry["type"]: entry["endpoints"][0]["url"] for entry in entries}
    assert found["compute"].endswith("/compute/v2.1")
    assert found["image"].endswith("/image")
    assert found["network"].endswith("/network")
