"""What a qcow2 file's own header says; only ever compared with what we know, never believed."""

import struct
from pathlib import Path

_MAGIC = b"QFI\xfb"
_EXTERNAL_DATA = 1 << 2


def has_backing_file(path: Path) -> bool:
    """Whether `path` is a qcow2 file that needs another image under it. Raises OSError."""
    header = _header(path)
    if len(header) < 20:
        return False
    offset, length = struct.unpack("!QI", header[8:20])
    return bool(offset and length)


def has_external_data_file(path: Path) -> bool:
    """Whether `path` is a qcow2 file whose data is in another one. Raises OSError."""
    header = _header(path)
    if len(header) < 80 or struct.unpack("!I", header[4:8])[0] < 3:  # version 2 knows no features
        return False
    return bool(struct.unpack("!Q", header[72:80])[0] & _EXTERNAL_DATA)


def _header(path: Path) -> bytes:
    with open(path, "rb") as file:
        header = file.read(80)
    return header if header.startswith(_MAGIC) else b""
