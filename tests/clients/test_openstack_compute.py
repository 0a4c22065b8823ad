"""Compute by the real `openstack` command, on real guests: an instance's life as people type it."""

import re
import urllib.parse
import urllib.request

import pytest

from tests.clients.conftest import OpenStack
from tests.proof import examples
from tests.stack import Stack, wait_for

JSON = "-f json"
PASS_PATH = re.compile("console/[0-9a-f-]{36}/[?]token=")
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def image(openstack: OpenStack) -> str:
    return str(openstack(f"image show Halting {JSON}")["id"])


@pytest.fixture(scope="module")
def server(openstack: OpenStack, image: str) -> str:
    """Running, with a key, a property and a description; removed at the end."""
    assert "PRIVATE KEY" in openstack.run("keypair create key").stdout
    made = openstack(
        f"--os-compute-api-version 2.88 server create --wait --flavor tiny --image {image} --key-name key "
        f"--property stage=test --tag blue --description first {JSON} s1"
    )
    assert (made["status"], made["key_name"], made["description"]) == ("ACTIVE", "key", "first")
    assert (made["properties"], made["tags"]) == ({"stage": "test"}, ["blue"])
    return str(made["id"])


def test_what_there_is(openstack: OpenStack, stack: Stack) -> None:
    assert {row["Name"] for row in openstack(f"flavor list {JSON}")} >= {"tiny", "large"}
    assert openstack(f"flavor show tiny {JSON}")["ram"] == 128
    assert [row["Name"] for row in openstack(f"network list {JSON}")] == ["default"]
    assert openstack(f"network show default {JSON}")["status"] == "ACTIVE"
    assert openstack(f"image show {JSON}", "Tiny Linux")["status"] == "active"
    (host,) = openstack(f"hypervisor list {JSON}")
    assert host["State"] == "up"
    assert openstack(f"hypervisor show {host['Hypervisor Hostname']} {JSON}")["status"] == "enabled"
    assert openstack(f"hypervisor stats show {JSON}")["count"] == 1
    assert openstack(f"availability zone list --compute {JSON}")[0]["Zone Name"] == "nova"
    assert openstack(f"compute service list {JSON}")[0]["Binary"] == "nova-compute"
    limits = {row["Name"]: row["Value"] for row in openstack(f"limits show --absolute {JSON}")}
    assert limits["instances"] == 10
    assert {row["Type"] for row in openstack(f"catalog list {JSON}")} >= {"compute", "image", "network"}


def test_quotas(openstack: OpenStack) -> None:
    shown = {row["Resource"]: row["Limit"] for row in openstack(f"quota show demo {JSON}")}
    assert (shown["instances"], shown["cores"]) == (10, 20)
    openstack("quota set --cores 7 demo")
    shown = {row["Resource"]: row["Limit"] for row in openstack(f"quota show --compute demo {JSON}")}
    assert shown["cores"] == 7
    openstack("quota delete --compute demo")


def test_flavors(openstack: OpenStack) -> None:
    made = openstack(f"flavor create --ram 160 --disk 2 --vcpus 1 --private --property a=b {JSON} own")
    assert (made["ram"], made["properties"], made["os-flavor-access:is_public"]) == (160, {"a": "b"}, False)
    openstack("flavor set --project demo --property c=d own")
    assert openstack(f"flavor show own {JSON}")["properties"] == {"a": "b", "c": "d"}
    assert "own" in {row["Name"] for row in openstack(f"flavor list --all {JSON}")}
    assert "own" not in {row["Name"] for row in openstack(f"flavor list {JSON}")}
    openstack("flavor unset --project demo --property c own")
    openstack("flavor delete own")
    assert "own" in openstack.refused("flavor show own")


def test_looking_at_a_server(openstack: OpenStack, server: str) -> None:
    (row,) = openstack(f"server list {JSON}")
    assert (row["ID"], row["Status"], row["Flavor"]) == (server, "ACTIVE", "tiny")
    assert openstack(f"server list --name ^s1$ --status ACTIVE --sort-column name {JSON}")
    assert openstack(f"server list --status SHUTOFF {JSON}") == []
    shown = openstack(f"--os-compute-api-version 2.88 server show s1 {JSON}")
    assert shown["id"] == server
    assert shown["addresses"]["default"]
    (event,) = openstack(f"server event list s1 {JSON}")
    assert event["Action"] == "create"
    assert openstack(f"server event show s1 {event['Request ID']} {JSON}")["action"] == "create"


def test_changing_what_it_is_called(openstack: OpenStack, server: str) -> None:
    newest = "--os-compute-api-version 2.88"
    openstack(f"{newest} server set --name s2 --description second --property a=b --tag red s1")
    shown = openstack(f"{newest} server show s2 {JSON}")
    assert (shown["description"], shown["properties"]) == ("second", {"stage": "test", "a": "b"})
    assert shown["tags"] == ["blue", "red"]
    openstack(f"{newest} server unset --property a --tag red s2")
    openstack(f"server set --name s1 {server}")


def test_the_console(openstack: OpenStack, server: str, stack: Stack) -> None:
    wait_for(
        lambda: openstack.run("console log show s1").stdout.strip(), "the guest to say something", 120, 2
    )
    shown = openstack(f"console url show {JSON} s1")
    address = urllib.parse.urlparse(shown["url"])
    assert (shown["type"], address.path) == ("novnc", "/remote-console/")
    assert PASS_PATH.match(urllib.parse.parse_qs(address.query)["path"][0])
    with urllib.request.urlopen(shown["url"]) as page:
        assert "noVNC" in page.read().decode()


VERBS = [
    ("stop", "SHUTOFF"),
    ("start", "ACTIVE"),
    ("pause", "PAUSED"),
    ("unpause", "ACTIVE"),
    ("suspend", "SUSPENDED"),
    ("resume", "ACTIVE"),
    ("shelve", "SHELVED_OFFLOADED"),
    ("unshelve", "ACTIVE"),
    ("rescue", "RESCUE"),
    ("unrescue", "ACTIVE"),
    ("reboot --hard", "ACTIVE"),
]


@pytest.mark.parametrize(("verb", "status"), examples(VERBS, *VERBS[:2], *VERBS[6:8], unpack=True))
def test_verbs(openstack: OpenStack, stack: Stack, server: str, verb: str, status: str) -> None:
    assert openstack.run(f"server {verb} s1").returncode == 0
    settle(stack)
    server_now = openstack(f"server show s1 {JSON}")
    assert (server_now["status"], server_now["OS-EXT-STS:task_state"]) == (status, None)


def settle(stack: Stack) -> None:
    """Wait until the server does nothing. The row is looked at, since each run of the client takes a second."""
    wait_for(lambda: stack.instance("s1")["task_state"] is None, "the server to be done", 120)


def test_resizing(openstack: OpenStack, stack: Stack, server: str) -> None:
    openstack(f"flavor create --ram 192 --disk 2 --vcpus 1 {JSON} larger")
    assert openstack.run("server resize --wait --flavor larger s1").returncode == 0
    assert openstack(f"server show s1 {JSON}")["status"] == "VERIFY_RESIZE"
    openstack("server resize confirm s1")
    settle(stack)
    confirmed = openstack(f"server show s1 {JSON}")
    assert (confirmed["status"], confirmed["flavor"]["id"]) == ("ACTIVE", "larger")


def test_a_lock(openstack: OpenStack, server: str) -> None:
    openstack("server lock s1")
    assert openstack(f"--os-compute-api-version 2.88 server show s1 {JSON}")["locked"] is True
    openstack("server unlock s1")


def test_what_is_refused_is_told(openstack: OpenStack, server: str, image: str) -> None:
    assert "Not possible in the state" in openstack.refused("server unpause s1")
    assert "nothing" in openstack.refused("server show nothing")
    refused = openstack.refused(f"server create --flavor tiny --image {image} --availability-zone mars s9")
    assert "availability_zone" in refused
    assert "one host" in openstack.refused("server migrate s1")


def test_an_image_of_a_server(openstack: OpenStack, server: str, image: str) -> None:
    """Made, looked up, launched from and deleted, in both shapes of the answer."""
    for name, version in (("golden", "2.73"), ("older", "2.1")):
        made = openstack.run(
            f"--os-compute-api-version {version} server image create --wait --name {name} --property team=blue s1"
        )
        assert made.returncode == 0, made.stderr
        shown = openstack(f"image show {name} {JSON}")
        assert (shown["status"], shown["visibility"], shown["name"]) == ("active", "private", name)
        properties = shown["properties"]
        assert (properties["team"], properties["image_type"]) == ("blue", "snapshot")
        assert (properties["instance_uuid"], properties["base_image_ref"]) == (server, image)
    assert {"golden", "older"} == {row["Name"] for row in openstack(f"image list --private {JSON}")}
    openstack("image delete older")
    made = openstack(f"server create --wait --flavor larger --image golden {JSON} s2")
    assert made["status"] == "ACTIVE"
    assert "is in use" in openstack.refused("image delete golden")
    assert openstack.run("server delete --force --wait s2").returncode == 0
    openstack("image delete golden")
    assert "golden" not in {row["Name"] for row in openstack(f"image list {JSON}")}


@pytest.mark.proof
def test_backups_take_turns(openstack: OpenStack, server: str) -> None:
    """Of one type as many stay as its rotation says."""
    for name in ("monday", "tuesday"):
        made = openstack.run(f"server backup create --wait --name {name} --type daily --rotate 1 s1")
        assert made.returncode == 0, made.stderr
    (left,) = openstack(f"image list --private {JSON}")
    assert left["Name"] == "tuesday"
    properties = openstack(f"image show tuesday {JSON}")["properties"]
    assert (properties["image_type"], properties["backup_type"]) == ("backup", "daily")
    openstack("image delete tuesday")


@pytest.mark.proof
def test_what_was_set_to_error_runs_after_a_rebuild(openstack: OpenStack, server: str) -> None:
    """A state of error no longer tells whether it ran, so it runs, as in Nova."""
    openstack("server set --auto-approve --state error s1")
    assert openstack(f"server show s1 {JSON}")["status"] == "ERROR"
    assert openstack.run("server rebuild --wait s1").returncode == 0  # its progress is no JSON
    shown = openstack(f"server show s1 {JSON}")
    assert (shown["id"], shown["status"], shown["OS-EXT-STS:power_state"]) == (server, "ACTIVE", 1)


def test_the_end(openstack: OpenStack, server: str, stack: Stack) -> None:
    usage = openstack(f"usage show {JSON}")
    assert len(usage["Servers"] if "Servers" in usage else usage["server_usages"]) >= 1
    assert openstack.run("server delete --wait s1").returncode == 0  # its progress is no JSON
    assert openstack(f"server list {JSON}") == []
    openstack("keypair delete key")
    assert stack.audit() == ""
