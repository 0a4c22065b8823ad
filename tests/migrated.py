"""A database with all tables and the default roles, for tests that are about other things: made once."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BASE = Path(__file__).parents[1]
SOURCES = (
    "*/migrations/*.py",
    "*/apps.py",
    "accounts/epochs.py",
    "accounts/services/catalog.py",
    "accounts/services/roles.py",
    "requirements.lock",
)
"""What stands in it follows from these."""

ROLES = """
from accounts.services import roles
from tests import factories
factories.DomainFactory()
roles.ensure_defaults()
"""
"""Nearly every test has a person with a role, and these take longer to make than all else of them."""


def shared() -> Path:
    """An SQLite file that all may copy."""
    digest = hashlib.sha256()
    for file in sorted(file for pattern in SOURCES for file in BASE.glob(pattern)):
        digest.update(file.read_bytes())
    database = BASE / "var" / "migrated" / f"{digest.hexdigest()[:12]}.sqlite3"
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not database.exists():
            _migrate(database)
    return database


def lay_ready(data: Path) -> None:
    """Put a copy where an installation has its database."""
    data.mkdir(mode=0o700, parents=True)
    shutil.copyfile(shared(), data / "meridian.sqlite3")


def _migrate(database: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="meridian-migrated-") as data:
        environment = os.environ | {"MERIDIAN_DATA": data, "DATABASE_URL": ""}
        command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(command, cwd=BASE, env=environment, check=True)
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", ROLES]
        subprocess.run(command, cwd=BASE, env=environment, check=True)
        part = database.with_suffix(".part")
        shutil.copyfile(Path(data, "meridian.sqlite3"), part)
        part.replace(database)
