"""Server groups, aggregates, zones and quotas by the real `openstack` command."""

from collections.abc import Iterator

import pytest

from tests.clients.conftest import OpenStack
from tests.stack import Stack, wait_for

JSON = "-f json"
NEWEST = "--os-compute-api-version 2.88"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def host(openstack: OpenStack) -> str:
    return str(openstack(f"hypervisor list {JSON}")[0]["Hypervisor Hostname"])


@pytest.fixture(scope="module")
def halves(openstack: OpenStack) -> Iterator[str]:
    """The id of a group whose members stay apart."""
    made = openstack(f"{NEWEST} server group create --policy anti-affinity {JSON} halves")
    assert made["policy"] == "anti-affinity"
    yield str(made["id"])
    openstack("server group delete halves")


def test_server_groups(openstack: OpenStack, halves: str) -> None:
    openstack(f"{NEWEST} server group create --policy soft-affinity {JSON} close")
    assert {row["Name"] for row in openstack(f"server group list {JSON}")} == {"halves", "close"}
    rule = "--policy anti-affinity --rule max_server_per_host=2"
    assert openstack(f"{NEWEST} server group create {rule} {JSON} pairs")["rules"] == {
        "max_server_per_host": 2
    }
    shown = openstack(f"{NEWEST} server group show halves {JSON}")
    assert (shown["id"], shown["members"]) == (halves, [])
    assert len(openstack(f"server group list --all-projects --long {JSON}")) == 3
    openstack("server group delete close pairs")
    assert [row["Name"] for row in openstack(f"server group list {JSON}")] == ["halves"]


def test_one_host_takes_one_of_those_that_stay_apart(openstack: OpenStack, halves: str, stack: Stack) -> None:
    image = openstack(f"image show Halting {JSON}")["id"]
    create = f"{NEWEST} server create --flavor tiny --image {image} --hint group={halves} {JSON}"
    left = openstack(f"{create} --wait left")
    assert left["status"] == "ACTIVE"
    shown = openstack(f"{NEWEST} server show {left['id']} {JSON}")
    assert shown["server_groups"] == [halves]
    assert shown["OS-EXT-AZ:availability_zone"] == "nova"
    openstack(f"{create} right")
    wait_for(lambda: openstack(f"server show right {JSON}")["status"] == "ERROR", "the refusal", 60, 0.5)
    fault = openstack(f"server show right {JSON}")["fault"]["message"]
    assert fault.startswith("No valid host was found")
    assert "server group halves" in fault
    members = openstack(f"{NEWEST} server group show halves {JSON}")["members"]
    assert str(left["id"]) in str(members)
    assert openstack.run("server delete --wait left right").returncode == 0
    assert stack.audit() == ""


def test_aggregates_and_zones(openstack: OpenStack, host: str) -> None:
    made = openstack(f"aggregate create --zone east --property disk=ssd {JSON} fast")
    assert (made["name"], made["availability_zone"]) == ("fast", "east")
    assert openstack(f"aggregate add host fast {host} {JSON}")["hosts"] == [host]
    zones = [row["Zone Name"] for row in openstack(f"availability zone list --compute {JSON}")]
    assert zones == ["east", "internal"]
    assert openstack(f"compute service list {JSON}")[0]["Zone"] == "east"
    openstack("aggregate set --name slow --property disk=hdd fast")
    shown = openstack(f"aggregate show slow {JSON}")
    assert (shown["properties"], shown["hosts"]) == ({"disk": "hdd"}, [host])
    assert shown["availability_zone"] == "east"
    openstack("aggregate unset --property disk slow")
    assert [row["Name"] for row in openstack(f"aggregate list --long {JSON}")] == ["slow"]
    assert "not empty" in openstack.refused("aggregate delete slow")
    assert openstack(f"aggregate remove host slow {host} {JSON}")["hosts"] == []
    openstack("aggregate delete slow")
    assert openstack(f"aggregate list {JSON}") == []
    zones = [row["Zone Name"] for row in openstack(f"availability zone list --compute {JSON}")]
    assert zones == ["nova", "internal"]


def test_quotas_of_all_names(openstack: OpenStack) -> None:
    openstack("quota set --server-groups 4 --server-group-members 5 --key-pairs 6 --properties 7 demo")
    shown = {row["Resource"]: row["Limit"] for row in openstack(f"quota show --compute demo {JSON}")}
    wanted = {"server-groups": 4, "server-group-members": 5, "key-pairs": 6, "properties": 7}
    kept = {name.replace("_", "-"): limit for name, limit in shown.items()}
    assert {name: kept.get(name) for name in wanted} == wanted
    used = {row["Resource"]: row for row in openstack(f"quota show --compute --usage demo {JSON}")}
    assert (used["cores"]["Limit"], used["cores"]["In Use"]) == (20, 0)
    openstack("quota delete --compute demo")
