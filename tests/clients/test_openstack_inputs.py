"""What people have reported of other clouds, sent by the real `openstack` command: it is taken as it should, or refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clients.conftest import OpenStack
from tests.stack import PASSWORD, Stack, wait_for

JSON = "-f json"
NEWEST = "--os-compute-api-version 2.88"
FLAVOR = f"flavor create --ram 64 --disk 1 --vcpus 1 {JSON}"
pytestmark = [pytest.mark.timeout(900), pytest.mark.proof]


@pytest.fixture(scope="module")
def boot(openstack: OpenStack) -> str:
    """The beginning of a line that creates a server which is soon off again."""
    image = openstack(f"image show Halting {JSON}")["id"]
    return f"server create --flavor tiny --image {image} {JSON}"


@pytest.fixture(scope="module")
def pair(openstack: OpenStack, boot: str) -> dict[str, dict[str, Any]]:
    """Two servers of one request, as an administrator reads them."""
    openstack(f"{NEWEST} {boot} --min 2 --max 2 --wait kks-web")
    names = ("kks-web-1", "kks-web-2")
    return {name: openstack(f"{NEWEST} server show {name} {JSON}") for name in names}


def test_names_that_addresses_cannot_carry(openstack: OpenStack, boot: str) -> None:
    for key in ("m1/small", "detail", ".."):
        assert "400" in openstack.refused(f"{FLAVOR} --id {key} odd")
    assert "400" in openstack.refused("keypair create team/alice")
    assert "400" in openstack.refused(f"{boot} --property a/b=c odd")
    assert "400" in openstack.refused("region create tb/r")
    openstack.run("flavor set --property a/b=c tiny")  # it says why on its own, and ends as if all were well
    shown = openstack(f"flavor show tiny {JSON}")
    assert "a/b" not in shown["properties"]
    assert "odd" not in {row["Name"] for row in openstack(f"flavor list --all {JSON}")}
    assert openstack(f"server list --name ^odd$ {JSON}") == []


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"#cloud-config\n{}\n"),
        "#!/bin/sh\necho caf\xe9\n".encode("latin-1"),
        b"#cloud-config-archive\n- type: text/cloud-config\n  content: '{}'\n",
        b"#cloud-config-jsonp\n[]\n",
    ],
    ids=["gzip", "latin-1", "archive", "jsonp"],
)
def test_user_data_are_bytes(openstack: OpenStack, boot: str, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "data"
    file.write_bytes(content)
    made = openstack(f"{boot} --user-data", str(file), "fed")
    _delete(openstack, made["id"])


def test_expressions_of_all_kinds(openstack: OpenStack, pair: dict[str, Any]) -> None:
    for expression, found in (("^(kks-)?web", 2), ("-2$", 1), ("cirros(%|&)?$", 0), ("(k){2}s", 2)):
        rows = openstack(f"server list {JSON}", f"--name={expression}")
        assert len([row for row in rows if row["Name"] in pair]) == found, expression


def test_servers_of_one_request(openstack: OpenStack, pair: dict[str, dict[str, Any]]) -> None:
    shown = list(pair.values())
    assert sorted(server["OS-EXT-SRV-ATTR:launch_index"] for server in shown) == [0, 1]
    (reservation,) = {server["OS-EXT-SRV-ATTR:reservation_id"] for server in shown}
    rows = openstack(f"server list --reservation-id {reservation} {JSON}")
    assert {row["Name"] for row in rows} == set(pair)
    assert openstack(f"server list --reservation-id r-none {JSON}") == []


def test_more_properties_than_allowed(openstack: OpenStack, boot: str) -> None:
    properties = " ".join(f"--property p{number}=x" for number in range(129))
    assert "403" in openstack.refused(f"{boot} {properties} odd")


def test_scripts_that_join_their_letters(openstack: OpenStack) -> None:
    """Persian and emoji need joiners; what turns the direction of a text around is refused, and said truly."""
    for name in ("می‌خواهم", "team-👩‍💻"):
        made = openstack(f"project create {JSON}", name)
        assert openstack(f"project show {JSON} {made['id']}")["name"] == name
        openstack(f"project delete {made['id']}")
    assert "400" in openstack.refused("project create", "abc\u202edef")


def test_an_access_rule_with_the_version_in_its_path(openstack: OpenStack, tmp_path: Path) -> None:
    rules = json.dumps([{"service": "compute", "method": "GET", "path": "/v2.1/servers**"}])
    demo = openstack.within("meridian-demo")
    made = demo(f"application credential create {JSON} ruled --access-rules", rules)
    clouds = yaml.safe_load(openstack.clouds.read_text())
    auth = {
        "auth_url": clouds["clouds"]["meridian-demo"]["auth"]["auth_url"],
        "application_credential_id": made["ID"],
        "application_credential_secret": made["Secret"],
    }
    file = tmp_path / "clouds.yaml"
    file.write_text(
        yaml.safe_dump({"clouds": {"ruled": {"auth_type": "v3applicationcredential", "auth": auth}}})
    )
    ruled = OpenStack(openstack.command, file, "ruled")
    assert isinstance(ruled(f"server list --no-name-lookup {JSON}"), list)
    assert "No access rule of the application credential allows this call." in ruled.refused("flavor list")
    demo("application credential delete ruled")


def test_an_administrator_of_a_domain_alone(openstack: OpenStack, stack: Stack, tmp_path: Path) -> None:
    openstack(f"domain create {JSON} branch")
    openstack(f"user create --domain branch {JSON} dora --password", PASSWORD)
    openstack("role add --domain branch --user dora --user-domain branch admin")
    cloud = yaml.safe_load(openstack.clouds.read_text())["clouds"]["meridian-admin"]
    auth = {"auth_url": cloud["auth"]["auth_url"], "username": "dora", "password": PASSWORD}
    auth |= {"user_domain_name": "branch", "domain_name": "branch"}
    file = tmp_path / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"dora": {"auth": auth}}}))
    dora = OpenStack(openstack.command, file, "dora")
    dora(f"user create --domain branch {JSON} eve")
    for line in (
        f"{FLAVOR} own",
        "user create --domain default intruder",
        "user set --domain default --enable admin",
        "service create compute",
        "quota set --cores 1000 demo",
    ):
        said = dora.refused(line)
        assert "403" in said or "404" in said or "No " in said, f"{line}: {said}"
    # The command does not tell what has become of this.
    dora.run("role add --system all --user dora --user-domain branch admin")
    assert openstack(f"role assignment list --system all --user dora --user-domain branch {JSON}") == []
    openstack("domain set --disable branch")
    openstack("domain delete branch")


def test_the_history_of_what_is_gone(openstack: OpenStack, boot: str) -> None:
    made = openstack(f"{boot} --wait gone")
    _delete(openstack, made["id"])
    events = openstack(f"--os-compute-api-version 2.21 server event list {JSON} {made['id']}")
    assert {"create", "delete"} <= {event["Action"] for event in events}
    rows = openstack(f"server list --deleted --all-projects {JSON}")
    assert made["id"] in {row["ID"] for row in rows}


def test_what_clients_ask_first(openstack: OpenStack) -> None:
    assert "os-keypairs" in {row["Alias"] for row in openstack(f"extension list --compute {JSON}")}
    zones = {row["Zone Name"] for row in openstack(f"availability zone list --compute --long {JSON}")}
    assert {"nova", "internal"} <= zones
    shown = openstack(f"project show --parents --children {JSON} demo")
    assert "parents" in shown


def test_a_lock_twice(openstack: OpenStack, pair: dict[str, Any]) -> None:
    openstack("server lock kks-web-1")
    openstack("server lock kks-web-1")
    openstack("server unlock kks-web-1")


def test_a_host_declared_down(openstack: OpenStack) -> None:
    (service,) = openstack(f"compute service list {JSON}")
    host = service["Host"]

    def state() -> str:
        return str(openstack(f"compute service list {JSON}")[0]["State"])

    openstack(f"--os-compute-api-version 2.11 compute service set --down {host} nova-compute")
    assert state() == "down"
    openstack(f"--os-compute-api-version 2.53 compute service set --up {host} nova-compute")
    wait_for(lambda: state() == "up", "the host to be up again", 60, 1)


def test_numbers_for_other_names(openstack: OpenStack) -> None:
    openstack("quota set --class --cores 21 gold")
    openstack("flavor set --property hw:numa_cpus.0=0 --property hw:numa_mem.0=64 tiny")
    assert openstack(f"flavor show tiny {JSON}")["properties"]["hw:numa_cpus.0"] == "0"
    openstack("flavor unset --property hw:numa_cpus.0 --property hw:numa_mem.0 tiny")


@pytest.mark.parametrize("version", ["2.75", "2.78", "2.81", "2.88", "2.89", "2.96"])
def test_newer_versions(openstack: OpenStack, pair: dict[str, Any], version: str) -> None:
    shown = openstack(f"--os-compute-api-version {version} server show kks-web-1 {JSON}")
    assert shown["name"] == "kks-web-1"
    assert openstack(f"--os-compute-api-version {version} hypervisor list {JSON}")


def test_the_end(openstack: OpenStack, pair: dict[str, Any]) -> None:
    for name in pair:
        _delete(openstack, name)


def _delete(openstack: OpenStack, server: str) -> None:
    """Remove it for good; how it goes is printed, which is no JSON."""
    done = openstack.run(f"server delete --force --wait {server}")
    assert done.returncode == 0, done.stderr
