"""A disk whose guest only has to be RUNNING: one sector that says so at the serial port and stops the processor."""

import os
import subprocess
from pathlib import Path

SECTOR_BYTES = 512
DISK_BYTES = 16 << 20

WORDS = b"This guest only has to run.\r\n"

_WRITE = b"\xba\xf8\x03" + b"".join(b"\xb0%c\xee" % letter for letter in WORDS)
"""mov dx, COM1; for each letter: mov al, letter; out dx, al."""
_HALT = bytes(
    (
        0xFA,  # cli: no interrupt wakes it
        0xF4,  # hlt
        0xEB, 0xFC,  # jmp to the cli, should one that cannot be masked
    )
)  # fmt: skip
_SIGNATURE = b"\x55\xaa"


def sector() -> bytes:
    """Return a boot sector that writes a line and halts."""
    return (_WRITE + _HALT).ljust(SECTOR_BYTES - len(_SIGNATURE), b"\0") + _SIGNATURE


def write_raw(path: Path) -> Path:
    """Write a raw image of 16 MiB, one sector of which takes up room."""
    path.write_bytes(sector())
    os.truncate(path, DISK_BYTES)
    return path


def write_qcow2(path: Path) -> Path:
    """Write the same as qcow2, as images are."""
    raw = write_raw(path.with_name(f"{path.name}.raw"))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()
    return path
