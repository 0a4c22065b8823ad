"""What is inside disks."""

import subprocess
from pathlib import Path


def filled(file: Path, byte: int, where: str) -> None:
    """Write a MiB of one byte."""
    subprocess.run(["qemu-io", "-c", f"write -P {byte} {where} 1M", file], check=True, capture_output=True)


def holds(file: Path, byte: int, where: str) -> bool:
    said = subprocess.run(
        ["qemu-io", "-r", "-U", "-c", f"read -P {byte} {where} 1M", file], capture_output=True, text=True
    )
    return said.returncode == 0 and "failed" not in said.stdout
