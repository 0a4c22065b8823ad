"""The collected and bundled static files, for tests that are about other things: made once."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from portal import static_version

BASE = Path(__file__).parents[1]
COLLECT = "from portal.management.commands import up; up.collect_static_files()"


def shared(version: str) -> Path:
    """A folder of this version, whose files all may link."""
    folder = BASE / "var" / "static" / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not folder.exists():
            _collect(folder)
    return folder


def lay_ready(data: Path) -> None:
    """Put them where an installation has its static files."""
    version = static_version.compute_version(BASE)
    shutil.copytree(shared(version), data / "static" / version, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _collect(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="meridian-static-") as data:
        environment = os.environ | {"MERIDIAN_DATA": data, "DATABASE_URL": ""}
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", COLLECT]
        subprocess.run(command, cwd=BASE, env=environment, check=True)
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(Path(data, "static", folder.name), part)
        part.rename(folder)
