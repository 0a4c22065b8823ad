"""The real `openstack` command, with instances on each of two hosts."""

import pytest

from tests.clients.conftest import OpenStack
from tests.lab.lab import Host, Lab
from tests.stack import wait_for

JSON = "-f json"


@pytest.fixture(params=["lab-1", "lab-2"])
def host(request: pytest.FixtureRequest, lab: Lab) -> Host:
    return next(host for host in lab.hosts if host.name == request.param)


def test_the_hosts_are_listed(openstack: OpenStack, lab: Lab) -> None:
    names = [host.name for host in lab.hosts]
    assert sorted(row["Hypervisor Hostname"] for row in openstack(f"hypervisor list {JSON}")) == names
    services = openstack(f"compute service list --service nova-compute {JSON}")
    assert {row["Host"]: row["State"] for row in services} == dict.fromkeys(names, "up")


def test_the_life_of_a_server(openstack: OpenStack, lab: Lab, host: Host) -> None:
    name = f"server-{host.name}"
    image = openstack(f"image show {JSON}", "Tiny Linux")["id"]
    where = f"--availability-zone nova:{host.name}"
    server = openstack(f"server create --wait --flavor tiny --image {image} {where} {JSON} {name}")
    uuid = server["id"]
    assert server["OS-EXT-SRV-ATTR:host"] == host.name
    assert host.guests()[uuid]
    wait_for(lambda: f"Host name:  {name}" in _log(openstack, uuid), "its log", 120)
    assert openstack(f"console url show --novnc {JSON} {uuid}")["url"].startswith(lab.url)

    _do(openstack, f"server stop {uuid}")
    wait_for(lambda: _status(openstack, uuid) == "SHUTOFF", f"{name} to be off", 120)
    assert not host.guests()[uuid]
    _do(openstack, f"server start {uuid}")
    wait_for(lambda: _status(openstack, uuid) == "ACTIVE", f"{name} to run")
    _do(openstack, f"server image create --wait --name {name} {uuid}")
    _do(openstack, f"server resize --wait --flavor small {uuid}")
    _do(openstack, f"server resize confirm {uuid}")
    wait_for(lambda: _status(openstack, uuid) == "ACTIVE", f"{name} to have its new size")

    _do(openstack, f"server delete --wait --force {uuid}")
    _do(openstack, f"image delete {name}")
    assert uuid not in host.guests()


def _do(openstack: OpenStack, line: str) -> None:
    done = openstack.run(line)
    assert done.returncode == 0, f"openstack {line}: {done.stderr}"


def _status(openstack: OpenStack, uuid: str) -> str:
    return str(openstack(f"server show {JSON} {uuid}")["status"])


def _log(openstack: OpenStack, uuid: str) -> str:
    return openstack.run(f"console log show {uuid}").stdout
