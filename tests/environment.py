"""Gives a test run its own data and storage folders.

pytest loads this as a plugin (`-p tests.environment` in pyproject.toml), because pytest-django reads the
settings, and with them the environment, before any conftest.py.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(tempfile.mkdtemp(prefix="meridian-test-"))
ROOT.chmod(0o755)  # QEMU's user must get to the storage; the data folder keeps itself private

for _name in [name for name in os.environ if name.startswith("MERIDIAN_") or name == "REDIS_URL"]:
    del os.environ[_name]
os.environ["MERIDIAN_DATA"] = str(ROOT / "data")
os.environ["MERIDIAN_STORAGE"] = str(ROOT / "storage")

TOGETHER = ("browser", "faults", "hypervisor", "life", "clients")
"""Folders whose tests share an installation: each folder runs in one process, what takes longest first."""

ALONE = "test_libvirt_restarted"
"""It takes libvirt away from every guest of the machine, so it comes last, when only tables are still at work."""


def _scope(nodeid: str) -> str:
    """The tests that run in one process, one after the other: those of a folder above, else those of one file."""
    file = nodeid.partition("::")[0]
    folder = file.split("/")[1]
    return folder if folder in TOGETHER and ALONE not in file else file


def _rank(item: pytest.Item) -> int:
    scope = _scope(item.nodeid)
    return TOGETHER.index(scope) if scope in TOGETHER else len(TOGETHER) + (ALONE in scope)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first, so that two processes end at about the same time."""
    items.sort(key=_rank)


class Scopes(LoadScopeScheduling):
    """Hands whole scopes to processes (`make test` runs two)."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scopes:
    return Scopes(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(ROOT, ignore_errors=True)
