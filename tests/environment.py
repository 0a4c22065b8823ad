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


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(ROOT, ignore_errors=True)
