"""Gives a test run its own data and storage folders.

pytest loads this as a plugin (`-p tests.environment` in pyproject.toml), because pytest-django reads the
settings, and with them the environment, before any conftest.py.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

ROOT = Path(tempfile.mkdtemp(prefix="meridian-test-"))
ROOT.chmod(0o755)  # QEMU's user must get to the storage; the data folder keeps itself private

for _name in [name for name in os.environ if name.startswith("MERIDIAN_") or name == "REDIS_URL"]:
    del os.environ[_name]
os.environ["MERIDIAN_DATA"] = str(ROOT / "data")
os.environ["MERIDIAN_STORAGE"] = str(ROOT / "storage")

MACHINES = ("browser", "faults", "hypervisor", "life", "test_openstack_compute")
"""Folders and files of tests that run guests, stop daemons or watch a clock: one after the other, in one process."""

# The first process of a run gets those; the others fill what processor time it leaves.
if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
    os.nice(10)


def _lane(item: pytest.Item) -> str:
    """The tests that must not run beside each other: all on machines, all of one client, those of one file."""
    folder = item.path.parent.name
    if folder in MACHINES or item.path.stem in MACHINES:
        return "machines"
    return folder if folder == "clients" else str(item.path)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread a run over processes (`-n 2 --dist loadgroup`), what takes longest first."""
    first = ("machines", "clients")
    items.sort(key=lambda item: first.index(_lane(item)) if _lane(item) in first else len(first))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_lane(item)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(ROOT, ignore_errors=True)
