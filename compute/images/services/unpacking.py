"""Compressed images, unpacked while they come, as Glance's plugin for decompression does."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

import zstandard
from django.utils.translation import gettext as _

from compute.images.services.bodies import Body, Damaged

MEMORY = 128 * 2**20
SLICE = 1024
"""Bytes that are unpacked at a time. They become at most some MiB, whatever their author has made of them."""

READ = 256 * 1024
SMALL = 2**30
MOST_RATIO = 500
"""Above `SMALL`, data that are more times as large as they were packed are taken for a bomb."""


class Decoder(Protocol):
    """What unpacks one stream."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, /) -> bytes: ...


DECODERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY),
    b"BZh": bz2.BZ2Decompressor,
    b"\x28\xb5\x2f\xfd": lambda: zstandard.ZstdDecompressor(max_window_size=MEMORY).decompressobj(),
}
"""What unpacks data that begin so: gzip, xz, bzip2 and zstd."""

LONGEST_MAGIC = max(map(len, DECODERS))


class Unpacked:
    """Data as they were before they were compressed, of one stream or several that follow each other."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._packed = memoryview(b"")
        self._plain = memoryview(b"")
        self._decoder: Decoder | None = None
        self._sizes = [0, 0]

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end. Raise Damaged."""
        while not self._plain:
            if not self._fill():
                return b""
        data, self._plain = bytes(self._plain[:size]), self._plain[size:]
        return data

    def _fill(self) -> bool:
        """Unpack some more. Return whether there was any."""
        if self._decoder is None:
            self._decoder = self._begin()
            if self._decoder is None:
                return False
        elif not self._packed:
            self._packed = memoryview(self._body.read(READ))
            if not self._packed:
                raise Damaged(_("it ends too early."))
        piece, self._packed = self._packed[:SLICE], self._packed[SLICE:]
        try:
            plain = self._decoder.decompress(bytes(piece))
        except (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, ValueError, EOFError) as error:
            raise Damaged(_("it is damaged.")) from error
        self._plain = memoryview(plain)
        self._count(len(piece), len(plain))
        if self._decoder.eof:
            self._packed = memoryview(self._decoder.unused_data + bytes(self._packed))
            self._decoder = None
        return True

    def _begin(self) -> Decoder | None:
        """Return what unpacks the stream that begins here, or None at the end. Raise Damaged."""
        head, is_first = bytes(self._packed), not any(self._sizes)
        while len(head) < LONGEST_MAGIC and (more := self._body.read(READ)):
            head += more
            if not is_first:  # some tools fill up the end with zeros
                head = head.lstrip(b"\0")
        self._packed = memoryview(head)
        if not head.strip(b"\0") and not is_first:
            return None
        for magic, make in DECODERS.items():
            if head.startswith(magic):
                decoder: Decoder = make()
                return decoder
        raise Damaged(_("it is packed by none of gzip, xz, bzip2 and zstd."))

    def _count(self, packed: int, plain: int) -> None:
        """Raise Damaged if what comes out is out of proportion to what went in."""
        self._sizes = [self._sizes[0] + packed, self._sizes[1] + plain]
        if self._sizes[1] > max(SMALL, MOST_RATIO * self._sizes[0]):
            raise Damaged(_("it would be more than %(most)s times as large.") % {"most": MOST_RATIO})
