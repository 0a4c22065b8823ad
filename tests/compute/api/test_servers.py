"""Servers by the Compute API: update, delete, foreign ones, and what stands below them."""

import uuid
from typing import Any

import pytest

from accounts.models import Project
from compute.engine.models import Operation
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]


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
    assert Operation.objects.filter(kind="instance.restore").exists()


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
