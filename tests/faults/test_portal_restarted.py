"""Ctrl-C ends the portal and leaves guests running; the next start finds everything as it is."""

import os
import signal
from pathlib import Path

from tests.stack import Browserless, Stack, wait_for


def test_guests_outlive_the_portal(stack: Stack, admin: Browserless) -> None:
    """One runs on untouched, one dies meanwhile, one was being launched."""
    admin.launch(stack, "stays")
    admin.launch(stack, "dies")
    stays = _qemu(stack.wait_for_state("stays", "active")["uuid"])
    dies = _qemu(stack.wait_for_state("dies", "active")["uuid"])
    admin.launch(stack, "half-way")
    wait_for(lambda: stack.instance("half-way")["hypervisor_id"], "the launch to be under way", pause=0.01)

    stack.stop()
    os.kill(dies, signal.SIGKILL)
    os.kill(stays, 0)
    stack.start()

    assert admin.get("/instances/").status == 200, "the session is still good"
    stack.wait_for_state("half-way", "active", 90)
    stack.wait_for_state("dies", "stopped")
    assert stack.instance("stays")["vm_state"] == "active"
    assert _qemu(stack.instance("stays")["uuid"]) == stays
    for name in ("stays", "dies", "half-way"):
        admin.act(stack, name, "purge")
        stack.wait_for_state(name, "deleted")


def _qemu(uuid: str) -> int:
    return int(Path(f"/run/libvirt/qemu/instance-{uuid}.pid").read_text())
