"""Server groups, availability zones and hints by the Compute API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.instances.models import Instance, ServerGroup
from compute.instances.models.server_group import Policy
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]
NOBODYS = "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1"


def group_of(project: Project, **more: Any) -> ServerGroup:
    return factories.ServerGroupFactory(project=project, **more)


# ── Groups ───────────────────────────────────────────────────────────────────────────────────────
def test_a_group_by_version(member: Compute, blue: Project, alice: User) -> None:
    old = member.post("os-server-groups", {"server_group": {"name": "g", "policies": ["affinity"]}})
    row = ServerGroup.objects.get()
    assert old["server_group"] == {
        "id": str(row.pk),
        "name": "g",
        "policies": ["affinity"],
        "members": [],
        "metadata": {},
    }
    whose = {"project_id": blue.id, "user_id": alice.id}
    older = member.at("2.13").get(f"os-server-groups/{row.pk}")["server_group"]
    assert older == old["server_group"] | whose
    newer = member.at("2.64").get(f"os-server-groups/{row.pk}")["server_group"]
    assert newer == {"id": str(row.pk), "name": "g", "policy": "affinity", "rules": {}, "members": []} | whose
    wish = {"name": "h", "policy": "anti-affinity", "rules": {"max_server_per_host": "3"}}
    made = member.at("2.64").post("os-server-groups", {"server_group": wish})["server_group"]
    assert made["rules"] == {"max_server_per_host": 3}
    assert [each["name"] for each in member.get("os-server-groups")["server_groups"]] == ["g", "h"]
    member.delete(f"os-server-groups/{row.pk}")
    member.get(f"os-server-groups/{row.pk}", 404)


@pytest.mark.parametrize(
    ("version", "wish", "field"),
    [
        ("2.1", {"name": "", "policies": ["affinity"]}, "name"),
        ("2.1", {"policies": ["affinity"]}, "name"),
        ("2.1", {"name": "g"}, "policies"),
        ("2.1", {"name": "g", "policies": []}, "policies"),
        ("2.1", {"name": "g", "policies": "affinity"}, "policies"),
        ("2.1", {"name": "g", "policies": ["affinity", "anti-affinity"]}, "policies"),
        ("2.1", {"name": "g", "policies": ["soft-affinity"]}, "policies"),
        ("2.15", {"name": "g", "policies": ["legacy"]}, "policies"),
        ("2.15", {"name": "g", "policies": [{}]}, "policies"),
        ("2.1", {"name": "g", "policy": "affinity"}, "policy"),
        ("2.64", {"name": "g", "policies": ["affinity"]}, "policies"),
        ("2.64", {"name": "g"}, "policy"),
        ("2.64", {"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 2}}, "rules"),
        ("2.64", {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}, "rules"),
        ("2.64", {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": "x"}}, "rules"),
        ("2.64", {"name": "g", "policy": "anti-affinity", "rules": {"most": 1}}, "rules"),
        ("2.64", {"name": "g", "policy": "anti-affinity", "rules": []}, "rules"),
    ],
)
def test_wrong_groups(member: Compute, version: str, wish: Wish, field: str) -> None:
    said = member.at(version).post("os-server-groups", {"server_group": wish}, 400)["badRequest"]["message"]
    assert field in said
    assert not ServerGroup.objects.exists()


@pytest.mark.parametrize("rule", list(Policy))
def test_every_policy(member: Compute, rule: Policy) -> None:
    made = member.at("2.15").post("os-server-groups", {"server_group": {"name": "g", "policies": [rule]}})
    assert made["server_group"]["policies"] == [rule]


def test_members_are_who_is_there(member: Compute, blue: Project) -> None:
    group = group_of(blue)
    here = factories.InstanceFactory(project=blue, server_group=group)
    for state in (VmState.SOFT_DELETED, VmState.DELETED):
        factories.InstanceFactory(project=blue, server_group=group, vm_state=state)
    assert member.get(f"os-server-groups/{group.pk}")["server_group"]["members"] == [str(here.pk)]
    assert member.at("2.71").get(f"servers/{here.pk}")["server"]["server_groups"] == [str(group.pk)]
    member.delete(f"os-server-groups/{group.pk}")
    assert member.at("2.71").get(f"servers/{here.pk}")["server"]["server_groups"] == []


def test_foreign_groups_are_unknown(
    member: Compute, admin: Compute, reader: Compute, red: Project, blue: Project
) -> None:
    foreign, own = group_of(red), group_of(blue)
    for key in (foreign.pk, NOBODYS, "nonsense"):
        member.get(f"os-server-groups/{key}", 404)
        member.delete(f"os-server-groups/{key}", 404)
    for asked in (member, reader):
        assert len(asked.get("os-server-groups?all_projects=True")["server_groups"]) == 1
    assert len(admin.get("os-server-groups?all_projects=True")["server_groups"]) == 2
    assert len(admin.get("os-server-groups")["server_groups"]) == 1
    reader.post("os-server-groups", {"server_group": {"name": "g", "policies": ["affinity"]}}, 403)
    reader.delete(f"os-server-groups/{own.pk}", 403)
    admin.delete(f"os-server-groups/{foreign.pk}")


def test_pages_of_groups(member: Compute, blue: Project) -> None:
    for number in range(4):
        group_of(blue, name=str(number))
    tables = {"limit=2": "01", "limit=2&offset=1": "12", "offset=3": "3", "limit=0": "0123", "offset=9": ""}
    for query, names in tables.items():
        found = member.get(f"os-server-groups?{query}")["server_groups"]
        assert "".join(row["name"] for row in found) == names, query
    for query in ("limit=-1", "offset=-1", "limit=x", "offset=x"):
        member.get(f"os-server-groups?{query}", 400)


def test_lists_cost_a_constant_number_of_queries(member: Compute, blue: Project) -> None:
    counts = []
    for number in (1, 9):
        for _each in range(number):
            factories.InstanceFactory(project=blue, server_group=group_of(blue))
        with CaptureQueriesContext(connection) as queries:
            member.get("os-server-groups")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_quotas_of_groups(member: Compute, admin: Compute, blue: Project, wish: Wish) -> None:
    limits = {"server_groups": 1, "server_group_members": 2}
    admin.put(f"os-quota-sets/{blue.id}", {"quota_set": limits})
    body = {"server_group": {"name": "g", "policies": ["affinity"]}}
    group = member.post("os-server-groups", body)["server_group"]
    said = member.post("os-server-groups", body, 403)["forbidden"]["message"]
    assert said == "Quota exceeded, too many server groups."
    hints = {"os:scheduler_hints": {"group": group["id"]}}
    many = {"server": wish | {"min_count": 3, "max_count": 3}} | hints
    said = member.post("servers", many, 403)["forbidden"]["message"]
    assert said == "Quota exceeded, too many servers in group"
    assert not Instance.objects.exists()
    member.post("servers", {"server": wish | {"min_count": 2, "max_count": 2}} | hints, 202)
    member.post("servers", {"server": wish} | hints, 403)
    shown = member.get(f"os-quota-sets/{blue.id}/detail")["quota_set"]
    assert shown["server_groups"] == {"limit": 1, "in_use": 1, "reserved": 0}
    absolute = member.get("limits")["limits"]["absolute"]
    assert (absolute["maxServerGroups"], absolute["totalServerGroupsUsed"]) == (1, 1)
    assert absolute["maxServerGroupMembers"] == 2


# ── Hints and zones of a new server ──────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"])
def test_hints(member: Compute, blue: Project, wish: Wish, name: str) -> None:
    group, other = group_of(blue), factories.InstanceFactory(project=blue)
    hints = {
        "group": str(group.pk),
        "same_host": str(other.pk),
        "different_host": [str(other.pk), NOBODYS],
        "query": '[">=", "$free_ram_mb", 1024]',
    }
    made = member.post("servers", {"server": wish, name: hints}, 202)["server"]
    row = Instance.objects.get(pk=made["id"])
    assert row.server_group == group
    assert row.scheduler_hints == {
        "same_host": [str(other.pk)],
        "different_host": [str(other.pk), NOBODYS],
    }


@pytest.mark.parametrize(
    ("hints", "field"),
    [
        ({"group": NOBODYS}, "group"),
        ({"group": "nonsense"}, "group"),
        ({"group": {}}, "group"),
        ({"same_host": "nonsense"}, "same_host"),
        ({"same_host": []}, "same_host"),
        ({"different_host": [7]}, "different_host"),
        ([], "os:scheduler_hints"),
    ],
)
def test_wrong_hints(member: Compute, wish: Wish, hints: Any, field: str) -> None:
    body = {"server": wish, "os:scheduler_hints": hints}
    assert field in member.post("servers", body, 400)["badRequest"]["message"]
    assert not Instance.objects.exists()


def test_a_foreign_group_is_refused(member: Compute, admin: Compute, red: Project, wish: Wish) -> None:
    body = {"server": wish, "os:scheduler_hints": {"group": str(group_of(red).pk)}}
    for asked in (member, admin):
        assert "could not be found" in asked.post("servers", body, 400)["badRequest"]["message"]


def test_zones(member: Compute, admin: Compute, wish: Wish) -> None:
    host = factories.HypervisorFactory(name="host-a", zone="east")
    factories.HypervisorFactory(name="host-b", enabled=False)
    zones = member.get("os-availability-zone")["availabilityZoneInfo"]
    assert zones == [
        {"zoneName": "east", "zoneState": {"available": True}, "hosts": None},
        {"zoneName": "nova", "zoneState": {"available": False}, "hosts": None},
    ]
    detailed = admin.get("os-availability-zone/detail")["availabilityZoneInfo"]
    assert [(zone["zoneName"], list(zone["hosts"])) for zone in detailed] == [
        ("east", ["host-a"]),
        ("nova", ["host-b"]),
        ("internal", ["host-a", "host-b"]),
    ]
    assert set(detailed[-1]["hosts"]["host-a"]) == {"nova-conductor", "nova-scheduler"}
    assert admin.get("os-services")["services"][0]["zone"] == "east"
    made = member.post("servers", {"server": wish | {"availability_zone": "east"}}, 202)["server"]
    row = Instance.objects.get(pk=made["id"])
    assert row.requested_zone == "east"
    shown = member.get(f"servers/{row.pk}")["server"]
    assert shown["OS-EXT-AZ:availability_zone"] == "east"
    Instance.objects.update(hypervisor=host, requested_zone="")
    assert member.get(f"servers/{row.pk}")["server"]["OS-EXT-AZ:availability_zone"] == "east"
    for zone, count in {"east": 1, "nova": 0, "mars": 0}.items():
        assert len(member.get(f"servers?availability_zone={zone}")["servers"]) == count
    member.post("servers", {"server": wish | {"availability_zone": "mars"}}, 400)


def test_a_host_is_the_administrators_to_choose(member: Compute, admin: Compute, wish: Wish) -> None:
    factories.HypervisorFactory(name="host-a")
    wanted = {"server": wish | {"availability_zone": "nova:host-a"}}
    member.post("servers", wanted, 403)
    made = admin.post("servers", wanted, 202)["server"]
    assert Instance.objects.get(pk=made["id"]).scheduler_hints == {"host": "host-a"}
    unknown = {"server": wish | {"availability_zone": "nova:mars"}}
    said = admin.post("servers", unknown, 400)["badRequest"]["message"]
    assert "Compute host mars could not be found." in said


# ── What there is none of ────────────────────────────────────────────────────────────────────────
def test_the_log_of_usage_audits(member: Compute, admin: Compute) -> None:
    factories.HypervisorFactory(name="host-a")
    log = admin.get("os-instance_usage_audit_log")["instance_usage_audit_logs"]
    assert (log["num_hosts"], log["hosts_not_run"], log["log"]) == (1, ["host-a"], {})
    path = "os-instance_usage_audit_log/2026-03-15%2010:00:00"
    log = admin.get(path)["instance_usage_audit_log"]
    assert log["period_beginning"] == "2026-02-01 00:00:00"
    assert log["period_ending"] == "2026-03-01 00:00:00"
    admin.get("os-instance_usage_audit_log/nonsense", 400)
    member.get("os-instance_usage_audit_log", 403)


@pytest.mark.parametrize("path", ["os-cells", "os-cells/detail", "os-fping", "os-agents/1"])
def test_what_nova_has_given_up(member: Compute, path: str) -> None:
    assert member.get(path, 410)["computeFault"]["code"] == 410
