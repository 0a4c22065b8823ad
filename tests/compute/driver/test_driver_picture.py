"""Old QEMU's screenshots become PNG too."""

import struct
import zlib

import pytest

from compute.driver.errors import Unsupported
from compute.driver.guest.picture import as_png


def test_ppm_becomes_png() -> None:
    pixels = bytes(range(18))
    png = as_png(b"P6\n3 2\n255\n" + pixels)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack("!2I", png[16:24]) == (3, 2)
    length = struct.unpack("!I", png[33:37])[0]
    rows = zlib.decompress(png[41 : 41 + length])
    assert rows == b"\x00" + pixels[:9] + b"\x00" + pixels[9:]


def test_png_stays_as_it_is() -> None:
    assert as_png(b"\x89PNG\r\n\x1a\nrest") == b"\x89PNG\r\n\x1a\nrest"


def test_anything_else_is_refused() -> None:
    with pytest.raises(Unsupported, match="unknown format"):
        as_png(b"GIF89a")
