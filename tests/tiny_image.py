"""The tiny image for tests that are about other things: built once, since a build takes as long as a guest's boot."""

import fcntl
import hashlib
import shutil
from pathlib import Path

from compute.tiny.build import TinyImage, build, describe

BASE = Path(__file__).parents[1]


def shared() -> TinyImage:
    """Files that all may read; a change of what builds them makes others."""
    digest = hashlib.sha256()
    for file in sorted((BASE / "compute" / "tiny").rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            digest.update(file.read_bytes())
    folder = BASE / "var" / "tiny" / digest.hexdigest()[:12]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if (folder / TinyImage.NAME).exists():
            return describe(folder)
        return build(folder)


def lay_ready(images: Path) -> None:
    """Put copies where `manage.py build_image` finds them instead of building."""
    shutil.copytree(shared().path.parent, images)
    images.chmod(0o711)
