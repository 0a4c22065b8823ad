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

MACHINES = ("browser", "clients", "faults", "hypervisor", "life")
"""Folders of tests that run guests, stop daemons or watch a page: one after the other, in one process."""

# That process is the first of a run; the others fill what processor time it leaves.
if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
    os.nice(10)


def _scope(nodeid: str) -> str:
    """The tests that run in one process, one after the other: all on machines, else those of one file."""
    file = nodeid.partition("::")[0]
    return "machines" if file.split("/")[1] in MACHINES else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Machines first: they take longest."""
    items.sort(key=lambda item: _scope(item.nodeid) != "machines")


class Scopes(LoadScopeScheduling):
    """Hands whole scopes to processes (`make test` runs two)."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scopes:
    return Scopes(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(ROOT, ignore_errors=True)
