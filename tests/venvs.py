"""Virtual environments for foreign programs: their dependencies are not ours, so each lives apart, made once."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.stack import BASE

ATTEMPTS = 2
"""A package index may fail once; what fails twice is told."""


def venv_of(requirements: Path) -> Path:
    """The `bin` folder of an environment with these requirements; another list makes another environment."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = BASE / "var" / "venvs" / f"{requirements.parent.name}-{requirements.stem}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not (folder / "complete").exists():
            _make(folder, requirements)
    return folder / "bin"


def _make(folder: Path, requirements: Path) -> None:
    said = ""
    for _attempt in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder)
        # Our own pip fills it: giving each its own would take as long as what it installs.
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
        pip += ["--disable-pip-version-check", "--no-compile"]  # most of what is installed is never imported
        done = subprocess.run([*pip, "-r", requirements], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            (folder / "complete").touch()
            return
        said = done.stderr
    raise AssertionError(f"{requirements.relative_to(BASE)} cannot be installed:\n{said[-4000:]}")
