"""Guests whose QEMU hangs: what was asked of them ends, others go on, and they can be powered off."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.freezing import frozen
from tests.stack import Browserless, Stack

NAMES = ("hangs", "hangs-too")
pytestmark = pytest.mark.proof


def test_two_at_once(stack: Stack, admin: Browserless) -> None:
    for name in NAMES:
        admin.launch(stack, name)
    guests = [stack.wait_for_state(name, "active")["uuid"] for name in NAMES]
    with ExitStack() as hanging:
        for uuid in guests:
            hanging.enter_context(frozen(int(Path(f"/run/libvirt/qemu/instance-{uuid}.pid").read_text())))
        for name in NAMES:
            assert admin.act(stack, name, "pause").status == 200
        admin.launch(stack, "lively")
        stack.wait_for_state("lively", "active", 120)
        for name in NAMES:
            assert admin.act(stack, name, "force_stop").status == 200
        for name in NAMES:
            stack.wait_for_state(name, "stopped", 90)
    for name in (*NAMES, "lively"):
        admin.act(stack, name, "purge")
        stack.wait_for_state(name, "deleted")
