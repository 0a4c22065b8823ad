"""What goes wrong while people work: processes die, freeze, forget."""

import fcntl
import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import redis

from tests.freezing import frozen
from tests.lines import LIVES, TURN
from tests.schedule.people import told
from tests.stack import BASE, Stack

PROGRAMS = ("worker", "watch", "sweep", "web", "console", "redis")
LONGEST_FREEZE = 20.0
LIBVIRTD = Path("/run/libvirtd.pid")


class Faults:
    """One at a time, at random moments; what is frozen goes on before the next."""

    title = "faults"

    def __init__(self, stack: Stack, chance: random.Random) -> None:
        self.wrong: list[str] = []
        self._stack = stack
        self._chance = chance
        self._done: Counter[str] = Counter()
        self._ways = {
            "kill": self._kill,
            "freeze": self._freeze,
            "flush redis": self._flush,
            "kill a guest": self._kill_a_guest,
            "kill libvirtd": self._kill_libvirtd,
            "freeze libvirtd": self._freeze_libvirtd,
        }

    def work(self, over: threading.Event) -> None:
        while not over.wait(self._chance.uniform(1, 10)):
            way = self._chance.choices([*self._ways], weights=(8, 4, 2, 2, 1, 1))[0]
            try:
                self._done[self._ways[way](over)] += 1
            except (AssertionError, ProcessLookupError, FileNotFoundError, redis.RedisError):
                self._done["came too late"] += 1  # what it was meant for was away already

    def summary(self) -> str:
        return told(self._done)

    def _kill(self, _over: threading.Event) -> str:
        program = self._chance.choice(PROGRAMS)
        os.kill(self._stack.pid(program), signal.SIGKILL)
        return f"{program} killed"

    def _freeze(self, over: threading.Event) -> str:
        program = self._chance.choice(PROGRAMS)
        with self._stack.holding(program):
            over.wait(self._chance.uniform(1, LONGEST_FREEZE))
        return f"{program} frozen"

    def _flush(self, _over: threading.Event) -> str:
        with redis.Redis(unix_socket_path=str(self._stack.root / "data/run/redis.sock")) as client:
            client.flushall()
        return "redis flushed"

    def _kill_a_guest(self, _over: threading.Event) -> str:
        rows = self._stack.rows("select id from compute_instance where vm_state = 'active'")
        pids = [file for row in rows if (file := _guest(row["id"])).exists()]
        if not pids:
            return "no guest to kill"
        os.kill(int(self._chance.choice(sorted(pids)).read_text()), signal.SIGKILL)
        return "guest killed"

    def _kill_libvirtd(self, _over: threading.Event) -> str:
        with alone() as allowed:
            if not allowed:
                return "libvirtd left alone"
            os.kill(int(LIBVIRTD.read_text()), signal.SIGKILL)
            subprocess.run([BASE / "deploy/daemons"], check=True, stdout=subprocess.DEVNULL)
        return "libvirtd killed"

    def _freeze_libvirtd(self, over: threading.Event) -> str:
        with alone() as allowed:
            if not allowed:
                return "libvirtd left alone"
            with frozen(int(LIBVIRTD.read_text())):
                over.wait(self._chance.uniform(1, LONGEST_FREEZE))
        return "libvirtd frozen"


@contextmanager
def alone() -> Iterator[bool]:
    """Whether no test of this machine needs libvirtd just now; inside, none begins to."""
    with ExitStack() as stack:
        try:
            for path in (TURN, LIVES):
                file = stack.enter_context(path.open("w"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _guest(key: str) -> Path:
    """Where libvirt writes the process id of an instance's QEMU."""
    return Path(f"/run/libvirt/qemu/instance-{UUID(key)}.pid")
