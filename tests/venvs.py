"""Virtual environments for foreign programs: their dependencies are not ours, so each lives apart, made once."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.stack import BASE


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
    python = folder / "bin" / "python"
    # As `deploy/install` does: uv is quicker, and where it fails pip may know a better address.
    uv = Path(sys.executable).with_name("uv")
    installers = [[uv, "pip", "install", "--quiet", "--python", python]] if uv.exists() else []
    installers.append([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile"])
    said = ""
    for installer in installers:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder)
        done = subprocess.run([*installer, "-r", requirements], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            (folder / "complete").touch()
            return
        said = done.stderr
    raise AssertionError(f"{requirements.relative_to(BASE)} cannot be installed:\n{said[-4000:]}")
