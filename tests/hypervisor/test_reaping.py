"""A daemon's orphans, as guests are libvirtd's, are reaped by a process of ours."""

import os
import signal
import subprocess
from pathlib import Path

from tests.waiting import wait_until

REAPING = Path(__file__).parents[2] / "deploy" / "reaping"
DAEMON = "sleep 600 >/dev/null 2>&1 & echo $!"
"""Leaves a process behind when it ends, which says its id first."""


def test_what_a_daemon_leaves_is_reaped_at_once() -> None:
    done = subprocess.run([REAPING, "sh", "-c", DAEMON], capture_output=True, text=True, check=True)
    orphan = int(done.stdout)
    reaper = _parent(orphan)
    assert str(REAPING) in Path(f"/proc/{reaper}/cmdline").read_text()
    os.kill(orphan, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{orphan}").exists(), "the orphan to be reaped")
    wait_until(lambda: _state(reaper) in {"", "Z"}, "the reaper to end with the last of them")


def test_a_command_that_fails_says_so() -> None:
    assert subprocess.run([REAPING, "sh", "-c", "exit 3"], check=False).returncode == 3


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return []


def _parent(pid: int) -> int:
    return int(_fields(pid)[1])


def _state(pid: int) -> str:
    return fields[0] if (fields := _fields(pid)) else ""
