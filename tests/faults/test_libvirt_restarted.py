"""libvirtd dies and comes back: guests run on, work is done once, the watcher hears again."""

import os
import signal
import subprocess
from pathlib import Path

import libvirt

from tests.stack import BASE, URI, Browserless, Stack, wait_for


def test_libvirtd_is_killed_and_started_again(stack: Stack, admin: Browserless) -> None:
    """Under a running guest and a launch: both go on, and events are heard afterwards."""
    admin.launch(stack, "steady")
    steady = stack.wait_for_state("steady", "active")["uuid"]
    qemu = _qemu(stack, steady)
    admin.launch(stack, "under-way")
    wait_for(lambda: stack.instance("under-way")["hypervisor_id"], "the launch to be under way", pause=0.01)

    os.kill(_libvirtd(), signal.SIGKILL)
    assert admin.get("/instances/").status == 200
    admin.launch(stack, "meanwhile")
    subprocess.run([BASE / "deploy/daemons"], check=True, stdout=subprocess.DEVNULL)

    for name in ("under-way", "meanwhile"):
        stack.wait_for_state(name, "active", 90)
    assert _qemu(stack, steady) == qemu, "the guest was started anew"
    assert stack.instance("steady")["vm_state"] == "active"

    wait_for(lambda: "watching" in stack.tail(30), "the watcher to be back")
    os.kill(qemu, signal.SIGKILL)
    stack.wait_for_state("steady", "stopped", 40)
    for name in ("steady", "under-way", "meanwhile"):
        admin.act(stack, name, "purge")
        stack.wait_for_state(name, "deleted")


def test_a_guest_dies_while_nobody_listens(stack: Stack, admin: Browserless) -> None:
    """No event will ever tell: the full sync after reconnecting does."""
    admin.launch(stack, "unheard")
    uuid = stack.wait_for_state("unheard", "active")["uuid"]
    qemu = _qemu(stack, uuid)
    os.kill(_libvirtd(), signal.SIGKILL)
    os.kill(qemu, signal.SIGKILL)
    subprocess.run([BASE / "deploy/daemons"], check=True, stdout=subprocess.DEVNULL)
    stack.wait_for_state("unheard", "stopped", 60)
    admin.act(stack, "unheard", "purge")
    stack.wait_for_state("unheard", "deleted")


def test_an_unknown_guest_of_ours_is_reported(stack: Stack, admin: Browserless) -> None:
    """A guest whose row is gone is named by the audit, and left for a person to judge."""
    admin.launch(stack, "known")
    row = stack.wait_for_state("known", "active")
    connection = libvirt.open(URI)
    stranger = connection.lookupByUUIDString(row["uuid"]).XMLDesc()
    other = row["uuid"][:-4] + "abcd"
    connection.defineXML(stranger.replace(row["uuid"], other).replace(f"{row['id']}.vnc", "other.vnc"))
    try:
        assert other in stack.audit()
    finally:
        connection.lookupByUUIDString(other).undefine()
        connection.close()
    admin.act(stack, "known", "purge")
    stack.wait_for_state("known", "deleted")


def _libvirtd() -> int:
    """The daemon of this machine; libvirt itself writes down its process id."""
    return int(Path("/run/libvirtd.pid").read_text())


def _qemu(stack: Stack, uuid: str) -> int:
    return int(Path(f"/run/libvirt/qemu/instance-{uuid}.pid").read_text())
