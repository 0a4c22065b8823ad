"""What a guest feels of its storage: a disk that comes, a snapshot that is taken, and a backup of what has changed."""

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.stack import URI, wait_for

ROUNDS = 9
SNAPSHOTS = 5
WATCH_SECONDS = 4.0
POLL_SECONDS = 0.002
SCATTERED, PIECE, WHOLE = 100, 64 * 2**10, 16 * 2**20
"""Pieces that the guest writes here and there, the bytes of each, and those of one more that is large."""

GUEST = f"""#!/bin/sh
(seen=
while :; do
    size=
    read size 2> /dev/null < /sys/block/vdb/size
    [ -z "$size" ] && {{ seen=; [ -f /dev/vdb ] && rm /dev/vdb; continue; }}  # dd made a file where the disk was
    [ -z "$seen" ] && {{ seen=1; echo "disk: there" > /dev/ttyS0; }}
    case $size in
        4194304)
            [ $seen = 1 ] || continue
            number=0
            while [ $number -lt {SCATTERED} ]; do
                number=$((number + 1))
                dd if=/dev/urandom of=/dev/vdb bs={PIECE} count=1 seek=$((number * 151)) conv=notrunc 2> /dev/null
            done
            dd if=/dev/urandom of=/dev/vdb bs={2**20} count={WHOLE // 2**20} seek=1500 conv=notrunc,fsync 2> /dev/null
            seen=2
            echo "disk: written" > /dev/ttyS0 ;;
        6291456)
            dd if=/dev/zero of=/dev/vdb bs=4096 count=1 conv=notrunc,fsync 2> /dev/null
            echo tick > /dev/ttyS0 ;;
    esac
done) &
"""
"""Says when it sees a disk. To one of 2 GiB it writes once, to one of 3 GiB again and again, and says so each time."""


def measure(installation: Installation) -> Iterator[Figure]:
    guest = _Guest(installation)
    try:
        yield _attach(guest)
        yield _stall(guest)
        yield _increment(guest)
    finally:
        guest.remove()


class _Guest:
    """A guest that watches its second disk, and what is done to that."""

    def __init__(self, installation: Installation) -> None:
        self.stack, self.admin = installation.stack, installation.admin
        self._installation = installation
        answer = self.admin.launch(self.stack, "bench-storage", image_id=self.stack.linux, user_data=GUEST)
        assert answer.status == 200, answer.text
        self.uuid = self.stack.wait_for_state("bench-storage", "active", 120)["uuid"]
        self._log = self.stack.root / f"storage/consoles/{self.uuid}.log"
        wait_for(lambda: "login:" in self._log.read_text(errors="replace"), "it to boot", 90)

    def said(self, what: str) -> int:
        return self._log.read_bytes().count(f"disk: {what}".encode())

    def until_said(self, what: str, begin: Callable[[], object], seconds: float = 60) -> float:
        """Seconds from the beginning until the guest says it once more."""
        before, began = self.said(what), time.perf_counter()
        begin()
        while self.said(what) == before:
            assert time.perf_counter() - began < seconds, f"the guest did not say {what}"
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - began

    def volume(self, name: str, gib: int) -> str:
        """The address of a new volume."""
        self.ask("/volumes/create/", name=name, size=str(gib), source="empty", type="standard")
        self.settled()
        (row,) = self.stack.rows("select id from compute_volume where name = ?", name)
        return f"/volumes/{UUID(str(row['id']))}"

    def attach(self, volume: str) -> None:
        self.ask(f"{volume}/actions/attach/", instance=self.uuid)

    def detach(self, volume: str) -> None:
        self.settled()
        self.ask(f"{volume}/actions/detach/")
        self.settled()

    def ask(self, address: str, **fields: str) -> None:
        answer = self.admin.post(address, **fields)
        assert answer.status in {200, 204}, answer.text

    def settled(self) -> None:
        """Wait until nothing is being done any more."""
        states = "select 1 from compute_operation where state in ('pending', 'running', 'undoing')"
        wait_for(lambda: not self.stack.rows(states), "it to end", 120, pause=0.02)

    def longest_gap(self, begin: Callable[[], object]) -> float:
        """The longest time for which the guest said nothing, from the beginning on."""
        size, last, longest = self._log.stat().st_size, time.perf_counter(), 0.0
        end = last + WATCH_SECONDS
        begin()
        while (now := time.perf_counter()) < end:
            if (grown := self._log.stat().st_size) != size:
                longest, last, size = max(longest, now - last), now, grown
            time.sleep(POLL_SECONDS)
        return max(longest, now - last)

    def file_of(self, volume: str) -> Path:
        """The file of a volume without layers."""
        key = volume.removeprefix("/volumes/").replace("-", "")
        (row,) = self.stack.rows("select disk_id from compute_volume where id = ?", key)
        return self.stack.pool / f"disk-{UUID(str(row['disk_id']))}"

    def remove(self) -> None:
        self._installation.purge("bench-storage")


def _attach(guest: _Guest) -> Figure:
    """By the page, and by virsh, each first in turn."""
    volume = guest.volume("bench-attach", 1)
    file, domain = guest.file_of(volume), f"instance-{guest.uuid}"

    def by_virsh() -> None:
        _virsh("attach-disk", domain, str(file), "vdb", "--driver", "qemu", "--subdriver", "qcow2", "--live")

    ours, theirs = [], []
    for number in range(ROUNDS):
        for mine in (True, False) if number % 2 else (False, True):
            if mine:
                ours.append(guest.until_said("there", lambda: guest.attach(volume)))
                guest.detach(volume)
            else:
                theirs.append(guest.until_said("there", by_virsh))
                _virsh("detach-disk", domain, "vdb", "--live")
                wait_for(lambda: "vdb" not in _virsh("domblklist", domain), "it to go", 30)
            time.sleep(0.3)
    guest.ask(f"{volume}/actions/delete/")
    return Figure(
        what=f"attach, POST to device in the guest (median of {ROUNDS})",
        ours=milliseconds(statistics.median(ours)),
        beside=f"virsh: {milliseconds(statistics.median(theirs))}",
        value=median_ratio(ours, theirs),
        goal=Goal(bound=1.3),
    )


def _stall(guest: _Guest) -> Figure:
    """The longest silence of a guest that writes and says so all the while, over several snapshots."""
    volume = guest.volume("bench-stall", 3)
    guest.until_said("there", lambda: guest.attach(volume))
    guest.settled()
    gaps, quiet = [], []
    for number in range(SNAPSHOTS):
        quiet.append(guest.longest_gap(lambda: None))
        gaps.append(
            guest.longest_gap(lambda name=str(number): guest.ask(f"{volume}/snapshots/create/", name=name))
        )
        guest.settled()
    for row in guest.stack.rows("select id from compute_volumesnapshot where status = 'available'"):
        guest.ask(f"{volume}/snapshots/{UUID(str(row['id']))}/delete/")
        guest.settled()
    guest.detach(volume)
    guest.ask(f"{volume}/actions/delete/")
    longest = max(gaps)
    return Figure(
        what=f"live snapshot, longest silence of the guest (of {SNAPSHOTS})",
        ours=milliseconds(longest),
        beside=f"without: {milliseconds(max(quiet))}",
        value=longest * 1e3,
        goal=Goal(bound=200, unit="ms"),
    )


def _increment(guest: _Guest) -> Figure:
    """What the guest wrote since the backup before, beside what was stored of it."""
    volume = guest.volume("bench-increment", 2)
    folder, sizes = guest.stack.root / "storage/backups", []
    for name, more in (("whole", {}), ("changes", {"incremental": "1"})):
        guest.until_said("written", lambda: guest.attach(volume), 120)
        before = _bytes_in(folder)
        guest.ask(f"{volume}/backups/create/", name=name, **more)
        guest.settled()
        sizes.append(_bytes_in(folder) - before)
        guest.detach(volume)
    for name in ("changes", "whole"):
        (row,) = guest.stack.rows("select id from compute_backup where name = ?", name)
        guest.ask(f"/backups/{UUID(str(row['id']))}/delete/")
        guest.settled()
    guest.ask(f"{volume}/actions/delete/")
    changed = SCATTERED * PIECE + WHOLE
    assert min(sizes) >= changed, f"{sizes} bytes were stored of {changed}"
    return Figure(
        what="incremental backup, bytes stored",
        ours=f"{sizes[1] / 2**20:.1f} MiB",
        beside=f"changed: {changed / 2**20:.1f} MiB",
        value=sizes[1] / changed,
        goal=Goal(bound=1.2),
    )


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _virsh(*arguments: str) -> str:
    return subprocess.run(
        ["virsh", "--quiet", "--connect", URI, *arguments], check=True, capture_output=True, text=True
    ).stdout
