"""Gives a test run its own data and storage folders.

pytest loads this as a plugin (`-p tests.environment` in pyproject.toml), because pytest-django reads the
settings, and with them the environment, before any conftest.py.
"""

import fcntl
import gc
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.lines import KILLERS, LINES, LIVES, TURN, line_of

ROOT = Path(tempfile.mkdtemp(prefix="meridian-test-"))
ROOT.chmod(0o755)  # QEMU's user must get to the storage; the data folder keeps itself private

for _name in [name for name in os.environ if name.startswith("MERIDIAN_") or name == "REDIS_URL"]:
    del os.environ[_name]
os.environ["MERIDIAN_DATA"] = str(ROOT / "data")
os.environ["MERIDIAN_STORAGE"] = str(ROOT / "storage")


def _scope(nodeid: str) -> str:
    """The tests that run in one process, one after the other: those of a line, else those of a file."""
    return line_of(nodeid) or nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lines first: they take longest."""
    lines = [*dict.fromkeys(LINES.values())]
    items.sort(key=lambda item: lines.index(line) if (line := _scope(item.nodeid)) in lines else len(lines))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over thousands of tests that stay until the end, and look less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let killers wait for the other lines, and these for them. What is in no line takes what time they leave."""
    line = _scope(item.nodeid)
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.setpriority(os.PRIO_PROCESS, 0, 0 if line in LINES.values() else 10)
    if line not in LINES.values():
        return (yield)
    with TURN.open("w") as turn, LIVES.open("w") as lives:
        # Whoever waits for its turn holds the door, or a killer would wait for ever.
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(lives, fcntl.LOCK_EX if line == KILLERS else fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        return (yield)


class Scopes(LoadScopeScheduling):
    """Hands whole scopes to processes (`make test` runs five)."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        """While killers run, who would stand in a line is given something small that is in none."""
        killing = any(not all(work.get(KILLERS, {}).values()) for work in self.assigned_work.values())
        others = [scope for scope in self.workqueue if scope not in LINES.values()]
        if killing and others:
            smallest = min(others, key=lambda scope: len(self.workqueue[scope]))
            self.workqueue.move_to_end(smallest, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scopes:
    return Scopes(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(ROOT, ignore_errors=True)
