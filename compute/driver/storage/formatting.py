"""Format empty disks: with a file system, or as swap space."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from ..errors import translate_output

Formatter = Callable[[Path], None]
"""A function that formats a raw file of the disk's size. It raises DriverError."""


def ext4(label: str) -> Formatter:
    """Return the formatter for ext4. The guest initializes the inode tables when it first uses them."""
    options = ["-q", "-F", "-t", "ext4", "-L", label, "-E", "lazy_itable_init=1,nodiscard"]
    return lambda file: _run(["mke2fs", *options, str(file)], f"Formatting {label}")


def swap(label: str) -> Formatter:
    """Return the formatter for swap space."""
    return lambda file: _run(["mkswap", "--label", label, str(file)], f"Formatting {label}")


def _run(command: list[str], attempt: str) -> None:
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise translate_output(process.stderr.strip(), attempt)
