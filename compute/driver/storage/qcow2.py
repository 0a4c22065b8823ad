"""Headers of qcow2 files: only ever compared with what we know, never trusted."""

import struct
from pathlib import Path

_MAGIC = b"QFI\xfb"
_EXTERNAL_DATA = 1 << 2


def has_backing_file(path: Path) -> bool:
    """Return whether `path` is a qcow2 file with a backing file. Raise OSError."""
    header = _header(path)
    if len(header) < 20:
        return False
    offset, length = struct.unpack("!QI", header[8:20])
    return bool(offset and length)


def has_external_data_file(path: Path) -> bool:
    """Return whether `path` is a qcow2 file with an external data file. Raise OSError."""
    header = _header(path)
    if len(header) < 80 or struct.unpack("!I", header[4:8])[0] < 3:  # version 2 has no features
        return False
    return bool(struct.unpack("!Q", header[72:80])[0] & _EXTERNAL_DATA)


def _header(path: Path) -> bytes:
    with open(path, "rb") as file:
        header = file.read(80)
    return header if header.startswith(_MAGIC) else b""
