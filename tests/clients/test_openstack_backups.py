"""Backups by the real `openstack` command, of volumes that real guests write to."""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import OpenStack
from tests.clients.test_openstack_volumes import JSON, volume, wait_for_status, wait_for_text
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(900)
COUNTER = """#!/bin/sh
(while :; do
    for disk in /sys/block/vd[b-z]; do
        [ -e $disk ] || continue
        device=/dev/${disk##*/}
        text=$(head -c 64 $device | tr -d '\\000')
        count=$((count + 1))
        echo "entry $count ." | dd of=$device conv=notrunc,fsync 2> /dev/null
        [ -b $device ] || { rm -f $device; continue; }
        echo "disk: $(cat $disk/serial) $(cat $disk/size) $text" > /dev/ttyS0
    done
    sleep 1
done) &
"""
"""Writes a number on each disk again and again, and says of every one what was written there before.

A disk that is unplugged meanwhile leaves a plain file of its name, in the place of the next one.
"""

NAMES = ("live", "second", "third", "of-moment", "fourth", "fifth")
"""Backups in the order of their moments."""

READER = "".join(line for line in COUNTER.splitlines(keepends=True) if "count" not in line)
"""Only says what is written."""


def guest(openstack: OpenStack, stack: Stack, folder: Path, name: str, script: str) -> str:
    file = folder / f"{name}.sh"
    file.write_text(script)
    made = openstack(
        f"server create --wait --flavor tiny --image {stack.linux} --user-data {file} {JSON} {name}"
    )
    return str(made["id"])


def backup(openstack: OpenStack, name: str) -> dict[str, Any]:
    row: dict[str, Any] = openstack(f"--os-volume-api-version 3.70 volume backup show {JSON} {name}")
    return row


def wait_for_backup(openstack: OpenStack, name: str) -> dict[str, Any]:
    def ended() -> bool:
        row = backup(openstack, name)
        assert row["status"] != "error", row["fail_reason"]
        return bool(row["status"] == "available")

    wait_for(ended, f"{name} to be made", 180)
    return backup(openstack, name)


def test_whole_and_changes_off(openstack: OpenStack, stack: Stack, tmp_path: Path) -> None:
    """Of a detached volume: all of it, then what changed; each is restored, here and into a new volume."""
    writer = guest(openstack, stack, tmp_path, "writer", COUNTER)
    reader = guest(openstack, stack, tmp_path, "reader", READER)
    data = openstack(f"volume create --size 1 {JSON} data")
    wait_for_status(openstack, "data", "available")

    def write(what: str) -> None:
        openstack(f"server add volume {JSON} {writer} data")
        wait_for_text(stack, writer, data, "entry", what)
        openstack(f"server remove volume {writer} data")
        wait_for_status(openstack, "data", "available")

    write("the guest to write")
    openstack(f"volume backup create {JSON} --name all data")
    whole = wait_for_backup(openstack, "all")
    assert (whole["is_incremental"], whole["size"], whole["volume_id"]) == (False, 1, data["id"])
    openstack(f"server add volume {JSON} {reader} data")
    log = stack.root / f"storage/consoles/{reader}.log"
    wait_for_text(stack, reader, data, "entry", "the other guest to read it")
    first = entry_of(log.read_text(errors="replace"), data["id"])
    openstack(f"server remove volume {reader} data")
    wait_for_status(openstack, "data", "available")

    write("the guest to write on")
    openstack(f"volume backup create {JSON} --incremental --name changes data")
    changes = wait_for_backup(openstack, "changes")
    assert changes["is_incremental"]
    assert backup(openstack, "all")["has_dependent_backups"]
    assert "changes" in openstack.refused("volume backup delete all")
    stored = {
        row["name"]: int(row["file_bytes"])
        for row in stack.rows("select name, file_bytes from compute_backup")
    }
    assert stored["changes"] < stored["all"]

    # In place, to what it was first; and the later one into a volume of its own.
    openstack(f"volume backup restore {JSON} --force all data")
    wait_for_status(openstack, "data", "available")
    openstack(f"server add volume {JSON} {reader} data")
    wait_for_text(stack, reader, data, first, "the first entry to be there again")
    openstack(f"--os-volume-api-version 3.47 volume create --backup {changes['id']} --size 2 {JSON} copy")
    copy = wait_for_status(openstack, "copy", "available")
    openstack(f"server add volume {JSON} {reader} copy")
    wait_for_text(stack, reader, copy, "entry", "the copy to be read", size=2)
    assert entry_of(log.read_text(errors="replace"), copy["id"]) != first

    for name in ("data", "copy"):
        openstack(f"server remove volume {reader} {name}")
        wait_for_status(openstack, name, "available")
    assert stack.audit() == ""
    openstack("volume delete data copy")
    openstack("volume backup delete changes")
    wait_for(lambda: len(openstack(f"volume backup list {JSON}")) == 1, "the later one to be gone", 60)
    # It outlives its volume.
    assert backup(openstack, "all")["volume_id"] == data["id"]
    openstack("volume backup delete all")
    wait_for(lambda: openstack(f"volume backup list {JSON}") == [], "all to be gone", 60)
    assert list((stack.root / "storage/backups").iterdir()) == []
    assert list((stack.root / "storage/drafts").iterdir()) == []
    openstack.run(f"server delete --wait {writer} {reader}")
    assert stack.audit() == ""


def test_live(openstack: OpenStack, stack: Stack, tmp_path: Path) -> None:
    """Of a volume that a guest writes to all the while: whole, then twice what changed, and a snapshot between."""
    writer = guest(openstack, stack, tmp_path, "writer", COUNTER)
    reader = guest(openstack, stack, tmp_path, "reader", READER)
    busy = openstack(f"volume create --size 1 {JSON} busy")
    wait_for_status(openstack, "busy", "available")
    openstack(f"server add volume {JSON} {writer} busy")
    wait_for_text(stack, writer, busy, "entry", "the guest to write")
    assert "in-use" in openstack.refused("volume backup create busy")
    openstack(f"volume backup create {JSON} --force --name live busy")
    wait_for_backup(openstack, "live")
    for name in ("second", "third"):
        wait_for_text(stack, writer, busy, "entry", "the guest to write on")
        openstack(f"volume backup create {JSON} --force --incremental --name {name} busy")
        assert wait_for_backup(openstack, name)["is_incremental"]
    assert volume(openstack, "busy")["status"] == "in-use"
    # Beside the disk's file is now another; the next one has all, and says so.
    openstack(f"--os-volume-api-version 3.70 volume snapshot create --volume busy {JSON} moment")
    wait_for(
        lambda: openstack(f"volume snapshot show {JSON} moment")["status"] == "available", "the snapshot", 60
    )
    openstack(f"volume backup create {JSON} --force --incremental --name fourth busy")
    assert not wait_for_backup(openstack, "fourth")["is_incremental"]
    openstack(f"volume backup create {JSON} --force --incremental --name fifth busy")
    assert wait_for_backup(openstack, "fifth")["is_incremental"]
    openstack(f"volume backup create {JSON} --snapshot moment --name of-moment busy")
    wait_for_backup(openstack, "of-moment")

    entries = []
    for name in NAMES:
        openstack(f"volume backup restore {JSON} {name} from-{name}")
        restored = wait_for_status(openstack, f"from-{name}", "available")
        openstack(f"server add volume {JSON} {reader} from-{name}")
        wait_for_text(stack, reader, restored, "entry", f"{name} to be read")
        log = (stack.root / f"storage/consoles/{reader}.log").read_text(errors="replace")
        entries.append(int(entry_of(log, restored["id"]).split()[1]))
        openstack(f"server remove volume {reader} from-{name}")
        wait_for_status(openstack, f"from-{name}", "available")
    assert entries == sorted(entries), "each has what was written until then"
    assert len(set(entries)) >= 4
    wait_for_text(stack, writer, busy, "entry", "the guest to write all the while")
    assert stack.audit() == ""
    openstack.run(f"server delete --wait {writer} {reader}")
    names = " ".join(f"from-{name}" for name in NAMES)
    openstack(f"volume delete {names}")
    for name in ("fifth", "fourth", "of-moment", "third", "second", "live"):
        openstack(f"volume backup delete {name}")
        wait_for(lambda name=name: name not in listed(openstack), f"{name} to be gone", 60)
    openstack("volume delete --purge busy")
    wait_for(lambda: openstack(f"volume list {JSON}") == [], "all to be gone", 60)
    assert list((stack.root / "storage/backups").iterdir()) == []
    assert stack.audit() == ""


def listed(openstack: OpenStack) -> list[str]:
    return [row["Name"] for row in openstack(f"volume backup list {JSON}")]


def entry_of(log: str, volume_id: str) -> str:
    """What the guest last read on the volume."""
    lines = [line for line in log.splitlines() if f"disk: {volume_id[:20]} " in line and "entry" in line]
    _serial, _separator, rest = lines[-1].partition(f"disk: {volume_id[:20]} ")
    return rest.split(" ", 1)[1].strip()
