"""What fills an empty disk: a file system, or swap space."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from ..errors import translate_said

Format = Callable[[Path], None]
"""Formats a file that is as large as the disk. Raises DriverError."""


def ext4(label: str) -> Format:
    """Return what makes an ext4 file system, whose tables the guest writes when it first uses them."""
    options = ["-q", "-F", "-t", "ext4", "-L", label, "-E", "lazy_itable_init=1,nodiscard"]
    return lambda file: _run(["mke2fs", *options, str(file)], f"Formatting {label}")


def swap(label: str) -> Format:
    """Return what makes swap space."""
    return lambda file: _run(["mkswap", "--label", label, str(file)], f"Formatting {label}")


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise translate_said(done.stderr.strip(), what)
