"""What a qcow2 file's own header says; only ever compared with what we know, never believed."""

import struct
from pathlib import Path

_MAGIC = b"QFI\xfb"


def names_backing(path: Path) -> bool:
    """Whether `path` is a qcow2 file that needs another image under it. Raises OSError."""
    with open(path, "rb") as file:
        header = file.read(20)
    if len(header) < 20 or not header.startswith(_MAGIC):
        return False
    offset, length = struct.unpack("!QI", header[8:20])
    return bool(offset and length)
