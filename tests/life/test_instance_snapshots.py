"""Snapshots of whole instances: real guests go back in time, with their volumes and with their memory."""

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for

COUNTER = """#!/bin/sh
if [ ! -e /root/counter ]; then
    cp "$0" /root/counter
    chmod 700 /root/counter
    { cat /etc/init.d/boot; echo '/root/counter &'; } > /etc/init.d/next
    chmod 755 /etc/init.d/next
    mv /etc/init.d/next /etc/init.d/boot  # a new file, since the old one is just being read
fi
number=$(cut -c1-8 /root/number 2> /dev/null | sed 's/^0*//')
number=${number:-0}
echo "found: $number" > /dev/ttyS0
[ $number -gt 0 ] && number=$((number - 1))  # the volume may lack the last one
(while :; do
    number=$((number + 1))
    line=$(printf '%08d' $number)
    echo $line > /root/number
    sync
    sum=$(printf '%s' $line | md5sum | cut -c1-32)
    [ -b /dev/vdb ] && printf '%-512s' "$line $sum" | dd of=/dev/vdb bs=512 seek=$number conv=notrunc,fsync 2> /dev/null
    echo "wrote: $number" > /dev/ttyS0
done) &
"""
"""Counts on the root disk, and writes a log of numbered sectors with their checksums on a volume. A number is said once it
is on both. After a start it says which number it found.
"""


class Story:
    """An instance and what is done to it."""

    def __init__(self, stack: Stack, admin: Browserless, name: str) -> None:
        self.stack, self.admin, self.name = stack, admin, name
        self.subject = Subject(stack, admin, name)

    @property
    def key(self) -> str:
        return str(UUID(self.stack.instance(self.name)["uuid"]))

    def snapshots(self) -> dict[str, dict[str, object]]:
        rows = self.stack.rows(
            "select snapshot.*, parent.name as parent from compute_instancesnapshot as snapshot"
            " left join compute_instancesnapshot as parent on parent.id = snapshot.parent_id"
            " join compute_instance as instance on instance.id = snapshot.instance_id"
            " where instance.name = ? and snapshot.status <> 'deleted' order by snapshot.created_at",
            self.name,
        )
        return {str(row["name"]): row for row in rows}

    def take(self, name: str, **fields: str) -> None:
        answer = self.admin.post(f"/instances/{self.key}/snapshots/create/", name=name, **fields)
        assert answer.status in {200, 204}, answer.text
        self.ended("instance.take_snapshot")
        assert self.snapshots()[name]["status"] == "available"

    def act(self, verb: str, status: str = "succeeded", **fields: str) -> None:
        answer = self.admin.post(f"/instances/{self.key}/actions/{verb}/", **fields)
        assert answer.status in {200, 204}, (
            re.findall(r'invalid-feedback">(.*?)<', answer.text) or answer.text
        )
        self.ended(f"instance.{verb}", status)

    def revert(self, name: str, **ticked: str) -> None:
        self.act("revert", snapshot=self.key_of(name), **ticked)

    def delete(self, name: str) -> None:
        address = f"/instances/{self.key}/snapshots/{self.key_of(name)}/delete/"
        assert self.admin.post(address).status in {200, 204}
        self.ended("instance_snapshot.delete")
        assert name not in self.snapshots()

    def key_of(self, name: str) -> str:
        return str(UUID(str(self.snapshots()[name]["id"])))

    def ended(self, kind: str, status: str = "succeeded") -> None:
        def state() -> str:
            if self.stack.rows(
                "select 1 from compute_operation where state in ('pending', 'running', 'undoing')"
            ):
                return ""
            (row,) = self.stack.rows(
                "select state, error from compute_operation where kind = ? order by created_at desc limit 1",
                kind,
            )
            return f"{row['state']} {row['error'] if row['state'] != status else ''}"

        assert wait_for(state, f"{kind} to end", 180).strip() == status
        assert self.stack.audit() == ""

    @property
    def log(self) -> Path:
        return self.stack.root / f"storage/consoles/{self.key}.log"

    def said(self, word: str) -> list[int]:
        """The numbers behind a word on the console, as far as the log goes back."""
        return [
            int(number)
            for number in re.findall(rf"{word}: (\d+)\r?$", self.log.read_text(errors="replace"), re.M)
        ]

    def wrote(self, more: int = 5) -> int:
        """Wait until the guest has written some more. Return the last number."""
        begun = len(self.said("wrote"))
        wait_for(lambda: len(self.said("wrote")) >= begun + more, "the guest to write", 120)
        return self.said("wrote")[-1]

    def found(self, starts: int) -> int:
        """Wait until it has started so many times, and return the number that it found on its disk."""
        wait_for(lambda: len(self.said("found")) >= starts, "the guest to start", 120)
        return self.said("found")[-1]

    def layers(self) -> int:
        (row,) = self.stack.rows("select count(*) as number from compute_disklayer")
        return int(row["number"])

    def on_volume(self, last: int) -> int:
        """Check every sector of the volume's log up to a number. Return the number of what follows without a gap."""
        data = self.volume_data()
        number = 0
        while True:
            line = data[(number + 1) * 512 : (number + 2) * 512].split()
            if len(line) != 2 or int(line[0]) != number + 1:
                break
            assert hashlib.md5(line[0], usedforsecurity=False).hexdigest().encode() == line[1]
            number += 1
        assert number >= last
        return number

    def volume_data(self) -> bytes:
        (row,) = self.stack.rows(
            "select disk.id, disk.file_name from compute_disk as disk where disk.role = 'volume' limit 1"
        )
        name = str(row["file_name"]) or f"disk-{UUID(str(row['id']))}"
        raw = self.stack.root / "volume.raw"
        subprocess.run(
            ["qemu-img", "convert", "-U", "-O", "raw", self.stack.pool / name, raw],
            check=True,
            capture_output=True,
        )
        try:
            return raw.read_bytes()[: 2**20]
        finally:
            raw.unlink()


@pytest.fixture
def story(stack: Stack, admin: Browserless) -> Iterator[Story]:
    """A running instance that counts, with a volume."""
    story = Story(stack, admin, "times")
    new = {"name": "log", "size": "1", "source": "empty", "type": "standard"}
    assert admin.post("/volumes/create/", **new).status == 200
    wait_for(lambda: stack.rows("select 1 from compute_volume where status = 'available'"), "the volume", 60)
    assert admin.launch(stack, story.name, image_id=stack.linux, user_data=COUNTER).status == 200
    stack.wait_for_state(story.name, "active", 120)
    (row,) = stack.rows("select id from compute_volume where status = 'available'")
    volume = f"/volumes/{UUID(str(row['id']))}/actions"
    assert admin.post(f"{volume}/attach/", instance=story.key).status in {200, 204}
    story.ended("volume.attach")
    yield story
    if stack.instance(story.name)["vm_state"] != "deleted":
        story.subject.act("purge", "deleted")
    for row in stack.rows("select id from compute_volumesnapshot where status = 'available'"):
        snapshots = f"{volume.removesuffix('actions')}snapshots"
        assert admin.post(f"{snapshots}/{UUID(str(row['id']))}/delete/").status in {200, 204}
        story.ended("volume_snapshot.delete")
    assert admin.post(f"{volume}/delete/").status in {200, 204}
    wait_for(lambda: not stack.rows("select 1 from compute_volume where status <> 'deleted'"), "it to go", 60)
    assert stack.audit() == ""


def test_a_tree_of_moments(story: Story) -> None:
    """The guest writes all the while. Going back and forth and deleting in any order, nothing else is lost."""
    before = story.wrote()
    story.take("first")
    after = story.wrote()
    story.take("second")
    assert (story.snapshots()["second"]["parent"], story.layers()) == ("first", 4)
    latest = story.wrote()

    story.revert("first", keep="1")
    assert before <= (found := story.found(2)) <= after < latest
    assert found - 1 <= story.on_volume(found - 1)
    tree = story.snapshots()
    kept = "Before reverting to first"
    assert {name: row["parent"] for name, row in tree.items()} == {
        "first": None,
        "second": "first",
        kept: "second",
    }
    instance = story.stack.instance(story.name)
    assert instance["vm_state"] == "active"
    assert str(UUID(instance["current_snapshot_id"])) == story.key_of("first")

    story.wrote()
    story.take("third")
    assert story.snapshots()["third"]["parent"] == "first"
    story.delete("first")  # two stand on it, so its data stay
    assert story.snapshots()["third"]["parent"] is None
    story.wrote()

    story.revert(kept)
    assert story.found(3) >= latest
    story.delete("third")
    story.delete("second")
    last = story.wrote()
    story.delete(kept)
    assert story.layers() == 0
    story.on_volume(last)
    story.wrote()


def test_with_the_memory_its_programs_go_on(story: Story) -> None:
    before = story.wrote()
    story.take("awake", memory="1")
    (row,) = story.stack.rows("select * from compute_instancesnapshot where name = 'awake'")
    memory = story.stack.pool / f"memory-{UUID(str(row['id']))}"
    assert memory.stat().st_size > 2**20
    assert memory.stat().st_mode & 0o077 == 0
    story.wrote(20)
    numbers = len(story.said("wrote"))
    story.revert("awake", memory="1")
    assert story.stack.instance(story.name)["vm_state"] == "active"
    wait_for(lambda: len(story.said("wrote")) > numbers + 5, "the guest to write on", 60)
    again = story.said("wrote")[-1]
    assert before < again < story.said("wrote")[numbers - 1] + 10
    assert len(story.said("found")) == 1  # it was not started
    story.act("reboot")
    story.found(2)
    story.delete("awake")
    assert not memory.exists()


def test_one_that_is_off_stays_off(story: Story) -> None:
    story.wrote()
    story.act("force_stop")
    last = story.said("wrote")[-1]
    story.take("off")
    story.act("start")
    story.found(2)
    story.wrote()
    story.act("force_stop")
    story.revert("off")
    assert story.stack.instance(story.name)["vm_state"] == "stopped"
    story.act("start")
    assert last <= story.found(3) <= last + 1

    story.act("suspend")
    refused = story.admin.post(f"/instances/{story.key}/snapshots/{story.key_of('off')}/delete/")
    assert (refused.status, "Resume times first" in refused.text) == (409, True)
    story.act("resume")

    # What would lose the snapshots is refused, and so is what they would need.
    answer = story.admin.post(f"/instances/{story.key}/actions/rebuild/", image_id=story.stack.linux)
    assert (answer.status, "snapshots" in answer.text) == (409, True)
    story.act("force_stop")
    (row,) = story.stack.rows("select id from compute_volume where status = 'in-use'")
    volume = f"/volumes/{UUID(str(row['id']))}/actions"
    assert story.admin.post(f"{volume}/detach/").status in {200, 204}
    story.ended("volume.detach")
    refused = story.admin.post(f"/instances/{story.key}/actions/revert/", snapshot=story.key_of("off"))
    assert (refused.status, "Attach the volume log first" in refused.text) == (409, True)
    assert story.admin.post(f"{volume}/delete/").status == 409
    story.subject.act("purge", "deleted")
    assert story.snapshots() == {}
    assert story.stack.audit() == ""
    assert len(story.stack.rows("select 1 from compute_volumesnapshot where status = 'available'")) == 1
