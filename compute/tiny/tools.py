"""The distribution's tools this build leans on: naming the missing ones, running them, reporting failure."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# The administrator's tools live in sbin, which an ordinary user's PATH may leave out.
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGES: Mapping[str, str] = {
    "busybox": "busybox-static",
    "cpio": "cpio",
    "debugfs": "e2fsprogs",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "dropbear": "dropbear-bin",
    "dropbearkey": "dropbear-bin",
    "grub-mkimage": "grub-common",
    "ldd": "libc-bin",
    "mke2fs": "e2fsprogs",
    "modprobe": "kmod",
    "qemu-img": "qemu-utils",
    "resize2fs": "e2fsprogs",
    "sfdisk": "fdisk",
    "zstd": "zstd",
}


class BuildError(Exception):
    """The image could not be built; the message says what is missing or failed and what to do."""


def find(tool: str) -> Path:
    """Return the tool's path, or say which package brings it."""
    path = shutil.which(tool, path=SEARCH_PATH)
    if path is None:
        package = PACKAGES.get(tool, tool)
        raise BuildError(f"The tool {tool} is missing. Install it with: apt-get install {package}")
    return Path(path)


def run(tool: str, *arguments: str | Path, cwd: Path | None = None, text: str | None = None) -> str:
    """Run a tool, feeding it `text`; return what it printed, or raise BuildError with its complaint."""
    done = _start(tool, arguments, cwd, text)
    if done.returncode != 0:
        complaint = done.stderr.strip() or done.stdout.strip() or "it printed nothing"
        raise BuildError(f"{tool} failed with status {done.returncode}: {complaint}")
    return done.stdout


def run_unchecked(tool: str, *arguments: str | Path) -> str:
    """Run a tool whose failure is an answer too (ldd on a static program); return what it printed."""
    return _start(tool, arguments, None, None).stdout


def _start(
    tool: str, arguments: Sequence[str | Path], cwd: Path | None, text: str | None
) -> subprocess.CompletedProcess[str]:
    command = [str(find(tool)), *(str(argument) for argument in arguments)]
    environment = {"PATH": SEARCH_PATH, "LC_ALL": "C"}
    return subprocess.run(
        command, cwd=cwd, input=text, capture_output=True, text=True, check=False, env=environment
    )
