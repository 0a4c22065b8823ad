"""Volumes moved to another pool by the real `openstack` command, with their data."""

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
