"""Volumes moved to another pool by the real `openstack` command, with their data."""

from contextlib import closing

import libvirt

from tests.clients.conftest import OpenStack
from tests.clients.test_openstack_volumes import JSON, volume, wait_for_status
from tests.stack import Stack, wait_for

ADD = """
from accounts.context import for_user
from accounts.models import User
from compute.hosts.models import Hypervisor
from compute.hosts.services import added_pools
context = for_user(User.objects.get(name="admin"), None)
added_pools.add(context, Hypervisor.objects.get().pk, "further", {folder!r})
"""
REMOVE = """
from accounts.context import for_user
from accounts.models import User
from compute.hosts.models import Pool
from compute.hosts.services import added_pools
added_pools.remove(for_user(User.objects.get(name="admin"), None), Pool.objects.get(name="further").pk)
"""


def host_of(openstack: OpenStack, name: str) -> str:
    return str(volume(openstack, name)["os-vol-host-attr:host"])


def test_migrate_and_retype(openstack: OpenStack, stack: Stack) -> None:
    folder = stack.root / "further"
    folder.mkdir(mode=0o755)
    openstack(f"volume create --size 1 {JSON} mover")
    home = wait_for_status(openstack, "mover", "available")["os-vol-host-attr:host"]
    stack.manage("shell", "-c", ADD.format(folder=str(folder)))
    pools = f"volume backend pool list {JSON}"
    wait_for(
        lambda: any(row["Name"].endswith("#further") for row in openstack(pools)), "the pool to be there"
    )
    (there,) = [row["Name"] for row in openstack(pools) if row["Name"].endswith("#further")]
    wait_for(
        lambda: stack.rows("select 1 from compute_pool where name = 'further' and state = 'ready'"),
        "the pool to be ready",
    )

    openstack.run(f"volume migrate --host {there} mover")
    wait_for(lambda: host_of(openstack, "mover") == there, "it to be moved")
    assert volume(openstack, "mover")["status"] == "available"
    assert "nowhere" in openstack.refused("volume migrate --host nowhere@directory#x mover")

    own = home.partition("#")[2]
    openstack(f"volume type create --property volume_backend_name={own} {JSON} at-home")
    assert "does not meet" in openstack.refused("volume set --type at-home --retype-policy never mover")
    openstack.run("volume set --type at-home --retype-policy on-demand mover")
    wait_for(lambda: volume(openstack, "mover")["type"] == "at-home", "it to be of the other type")
    assert host_of(openstack, "mover") == home
    assert "does not meet" in openstack.refused(f"volume migrate --host {there} mover")

    openstack("volume delete mover")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "it to be gone")
    openstack("volume type delete at-home")
    stack.manage("shell", "-c", REMOVE)
    wait_for(lambda: not any(row["Name"] == there for row in openstack(pools)), "the pool to go")
    assert list(folder.iterdir()) == []
    assert stack.audit() == ""


def test_limits_of_what_a_volume_may_read_and_write(openstack: OpenStack, stack: Stack) -> None:
    """QEMU has them once the volume is attached, for this disk alone."""
    openstack(
        f"volume qos create --consumer front-end --property total_iops_sec_per_gb=300 {JSON} slow",
    )
    openstack(f"volume type create {JSON} throttled")
    openstack.run("volume qos associate slow throttled")
    assert openstack(f"volume qos show {JSON} slow")["associations"] == ["throttled"]
    openstack(f"volume create --size 2 --type throttled {JSON} limited")
    wait_for_status(openstack, "limited", "available")
    server = openstack(f"server create --wait --flavor tiny --image {stack.linux} {JSON} throttled")
    openstack(f"server add volume {JSON} {server['id']} limited")
    wait_for_status(openstack, "limited", "in-use")
    with closing(libvirt.open("qemu:///system")) as connection:
        domain = connection.lookupByUUIDString(server["id"])
        assert domain.blockIoTune("vdb")["total_iops_sec"] == 600
        assert domain.blockIoTune("vda")["total_iops_sec"] == 0
        assert "<total_iops_sec>600" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    openstack.run(f"server delete --wait {server['id']}")
    wait_for_status(openstack, "limited", "available")
    openstack("volume delete limited")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "it to be gone")
    assert "Take it from them first" in openstack.refused("volume qos delete slow")
    openstack.run("volume qos disassociate --all slow")
    openstack.run("volume qos delete slow")
    openstack("volume type delete throttled")
    assert openstack(f"volume qos list {JSON}") == []
    assert stack.audit() == ""
