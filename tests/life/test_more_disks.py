"""Ephemeral and swap disks of real guests, as the guest sees them and as they lie in the pool."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.life.test_verbs import GIB, Subject
from tests.stack import Browserless, Stack, wait_for

MIB = 2**20
FLAVORS = """
from compute.models import Flavor
for name, ephemeral_gib, swap_mib in (("extra", 1, 64), ("more-extra", 2, 128)):
    Flavor.objects.create(
        id=name, name=name, vcpus=1, ram_mib=160, disk_gib=1, ephemeral_gib=ephemeral_gib, swap_mib=swap_mib
    )
"""
GUEST = """#!/bin/sh
mkdir -p /tmp/ephemeral
mount -t ext4 /dev/vdb /tmp/ephemeral
hostname >> /tmp/ephemeral/born
sync
echo "kept: $(cat /tmp/ephemeral/born | xargs)" > /dev/ttyS0
umount /tmp/ephemeral
(while :; do
    echo "sectors: $(cat /sys/block/vdb/size) $(cat /sys/block/vdc/size)" > /dev/ttyS0
    sleep 1
done) &
"""
"""Adds its name to a list on its ephemeral disk, and says how large its further disks are."""


@pytest.fixture(scope="module", autouse=True)
def flavors(stack: Stack) -> None:
    stack.manage("shell", "-c", FLAVORS)


def said(subject: Subject, word: str) -> list[str]:
    """What the guest last wrote on its console behind a word."""
    log = (subject.stack.root / f"storage/consoles/{subject.uuid}.log").read_text(errors="replace")
    lines = [line.split(f"{word}: ")[1].split() for line in log.splitlines() if f"{word}: " in line]
    return lines[-1] if lines else []


def volume(subject: Subject, role: str) -> Path:
    return subject.stack.pool / next(
        name for name, its in subject.stack.disks(subject.uuid).items() if its == role
    )


def raw(subject: Subject, role: str) -> Path:
    """What is on a disk now, as a raw file."""
    file = subject.stack.root / f"{role}.raw"
    subprocess.run(
        ["qemu-img", "convert", "-U", "-O", "raw", volume(subject, role), file],
        check=True,
        capture_output=True,
    )
    return file


def facts(subject: Subject) -> dict[str, Any]:
    """Role → size in bytes, kind and label of what is on the further disks."""
    found = {}
    for role in ("ephemeral", "swap"):
        described = subprocess.run(
            ["qemu-img", "info", "-U", "--output=json", volume(subject, role)],
            capture_output=True,
            check=True,
        ).stdout
        tags = subprocess.run(
            ["blkid", "-p", "-o", "export", raw(subject, role)], capture_output=True, text=True, check=True
        ).stdout
        known = dict(line.split("=", 1) for line in tags.splitlines())
        found[role] = (json.loads(described)["virtual-size"], known["TYPE"], known["LABEL"])
    return found


def born(subject: Subject) -> list[str]:
    """The list on the ephemeral disk."""
    command = ["debugfs", "-R", "cat /born", raw(subject, "ephemeral")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


SMALL = {"ephemeral": (GIB, "ext4", "ephemeral0"), "swap": (64 * MIB, "swap", "swap0")}
LARGE = {"ephemeral": (2 * GIB, "ext4", "ephemeral0"), "swap": (128 * MIB, "swap", "swap0")}
ROLES = ["root", "ephemeral", "swap", "config"]


def sectors(sizes: dict[str, Any]) -> list[str]:
    return [str(size // 512) for size, _kind, _label in sizes.values()]


@pytest.mark.proof
def test_their_whole_life(stack: Stack, admin: Browserless) -> None:
    assert (
        admin.launch(stack, "extra", image_id=stack.linux, flavor_id="extra", user_data=GUEST).status == 200
    )
    stack.wait_for_state("extra", "active", 120)
    subject = Subject(stack, admin, "extra")
    wait_for(lambda: said(subject, "sectors") == sectors(SMALL), "the guest to see its disks", 120)
    assert said(subject, "kept") == ["extra"]
    assert (subject.disks(), facts(subject)) == (ROLES, SMALL)

    subject.act("rebuild", "active")
    wait_for(lambda: said(subject, "kept") == ["extra", "extra"], "the new system to find the old list", 120)
    assert (subject.disks(), facts(subject)) == (ROLES, SMALL)

    subject.act("rescue", "rescued")
    assert subject.disks() == ["rescue", "ephemeral", "swap", "root", "config"]
    subject.act("unrescue", "active")
    assert subject.disks() == ROLES

    subject.act("force_stop", "stopped")
    subject.act("resize", "resized", flavor_id="more-extra")
    assert (subject.disks(), facts(subject)) == (ROLES, LARGE)
    subject.act("revert_resize", "stopped")
    assert (subject.disks(), facts(subject)) == (ROLES, SMALL)
    assert born(subject) == ["extra", "extra"]

    subject.act("start", "active")
    subject.act("resize", "resized", flavor_id="more-extra")
    subject.act("confirm_resize", "active")
    assert (subject.disks(), facts(subject)) == (ROLES, LARGE)
    assert born(subject) == ["extra", "extra"]

    assert admin.post(f"/instances/{subject.uuid}/actions/clone/", name="extra-copy").status == 200
    copy = Subject(stack, admin, "extra-copy")
    stack.wait_for_state("extra-copy", "active", 120)
    wait_for(lambda: said(copy, "kept") == ["extra", "extra", "extra-copy"], "the copy to find the list", 120)
    assert (copy.disks(), facts(copy)) == (ROLES, LARGE)
    assert born(subject) == ["extra", "extra"], "the source's list is its own"
    for name in ("extra", "extra-copy"):
        Subject(stack, admin, name).act("purge", "deleted")
    assert not stack.stray_volumes()


def test_a_resize_makes_them_and_its_revert_takes_them_away(stack: Stack, admin: Browserless) -> None:
    assert admin.launch(stack, "plain").status == 200
    stack.wait_for_state("plain", "active", 120)
    subject = Subject(stack, admin, "plain")
    subject.act("force_stop", "stopped")
    subject.act("resize", "resized", flavor_id="extra")
    assert (subject.disks(), facts(subject)) == (ROLES, SMALL)
    subject.act("revert_resize", "stopped")
    assert subject.disks() == ["root", "config"]
    assert not stack.stray_volumes()
    subject.act("purge", "deleted")


KILLS = {
    "launch": ("place", "disk", "config_drive"),
    "rebuild": ("new_disk", "exchange", "config_drive", "define"),
    "resize": ("keep_disk", "grow_disk", "define"),
    "revert_resize": ("old_disk", "let_go", "define"),
    "rescue": ("rescue_disk", "config_drive", "define"),
    "unrescue": ("leave_rescue", "rescue_disk", "define"),
    "clone": ("copy_disk", "memories", "define"),
}
"""Verb → the steps after which its worker is killed: those that make, change, show or remove disks."""


@pytest.mark.proof
def test_killed_workers_are_replaced(stack: Stack, admin: Browserless) -> None:
    def arm(verb: str) -> None:
        for step in KILLS[verb]:
            (stack.failpoints / f"instance.{verb}.{step}").touch()

    arm("launch")
    assert admin.launch(stack, "tried", flavor_id="extra").status == 200
    subject = Subject(stack, admin, "tried")
    stack.wait_for_state("tried", "active", 120)
    subject.act("force_stop", "stopped")
    for verb, fields, state, sizes in (
        ("rebuild", {}, "stopped", SMALL),
        ("resize", {"flavor_id": "more-extra"}, "resized", LARGE),
        ("revert_resize", {}, "stopped", SMALL),
        ("rescue", {}, "rescued", SMALL),
        ("unrescue", {}, "active", SMALL),
        ("clone", {"name": "tried-copy"}, "active", SMALL),
    ):
        arm(verb)
        assert admin.post(f"/instances/{subject.uuid}/actions/{verb}/", **fields).status == 200
        stack.wait_for_state("tried", state, 120)
        assert not list(stack.failpoints.iterdir()), "nobody came there"
        assert facts(subject) == sizes
        assert stack.audit() == ""
    stack.wait_for_state("tried-copy", "active")
    assert facts(Subject(stack, admin, "tried-copy")) == SMALL
    for name in ("tried", "tried-copy"):
        Subject(stack, admin, name).act("purge", "deleted")
    assert not stack.stray_volumes()
