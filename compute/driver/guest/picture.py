"""Screenshots as PNG, whatever QEMU gave."""

import re
import struct
import zlib

from ..errors import Unsupported

_PNG = b"\x89PNG\r\n\x1a\n"
_PPM = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")


def as_png(picture: bytes) -> bytes:
    """`picture` as PNG; QEMU before 7.1 gives PPM, which is three bytes a pixel. Raises Unsupported."""
    if picture.startswith(_PNG):
        return picture
    header = _PPM.match(picture)
    if header is None:
        raise Unsupported(
            "The hypervisor gave a screenshot in an unknown format; upgrade QEMU to 7.1 or newer."
        )
    width, height = int(header[1]), int(header[2])
    pixels, stride = picture[header.end() :], 3 * width
    rows = b"".join(b"\x00" + pixels[row * stride : (row + 1) * stride] for row in range(height))
    return (
        _PNG
        + _chunk(b"IHDR", struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
