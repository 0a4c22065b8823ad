"""Appliances (OVA, DMTF DSP0243): archives in USTAR form, of which the first disk becomes the image.

Names in an archive are looked at and never used, and whatever is no plain file is refused.
"""

import tarfile

from django.utils.translation import gettext as _

from compute.images.services.bodies import Body, Damaged

DISKS = (".vmdk", ".vdi", ".vhd", ".vhdx", ".qcow2", ".img", ".raw", ".iso")
"""Ends of the names of disks, as tools write them."""

MOST_FILES = 1000


class FirstDisk:
    """The data of the first disk in an archive that comes. All that is behind it is looked at, and dropped."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._buffer = bytearray()
        self._left: int | None = None
        self._padding = 0
        self._files = 0

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end. Raise Damaged."""
        if self._left is None:
            self._left = self._find_disk()
            if self._left is None:
                raise Damaged(_("there is no disk in it."))
        if self._left == 0:
            self._drop_rest()
            return b""
        data = self._take(min(size, self._left))
        self._left -= len(data)
        return data

    def _find_disk(self) -> int | None:
        """Go to the data of the next disk. Return its size, or None at the end of the archive."""
        while (file := self._next_file()) is not None:
            padding = -file.size % tarfile.BLOCKSIZE
            if file.name.lower().endswith(DISKS):
                self._padding = padding
                return file.size
            self._skip(file.size + padding)
        return None

    def _drop_rest(self) -> None:
        """Read to the end of the archive and of the data."""
        size: int | None = 0
        while size is not None:
            self._skip(size + self._padding)
            self._padding = 0
            size = self._find_disk()
        while self._body.read(2**18):
            pass

    def _next_file(self) -> tarfile.TarInfo | None:
        """Return the next header, or None at the end. Raise Damaged for what an appliance does not have."""
        header = b""
        while len(header) < tarfile.BLOCKSIZE and (
            more := self._take(tarfile.BLOCKSIZE - len(header), end=True)
        ):
            header += more
        if not header.strip(b"\0"):
            return None
        try:
            file = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeError) as error:
            raise Damaged(_("it is no archive in USTAR form.")) from error
        self._files += 1
        if file.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            raise Damaged(_("it has links, folders or other things that are no files."))
        if "/" in file.name or "\\" in file.name or file.name.startswith(".") or not file.name.isprintable():
            raise Damaged(_("it has names that lead out of it."))
        if file.size < 0 or self._files > MOST_FILES:
            raise Damaged(_("it is damaged."))
        return file

    def _skip(self, size: int) -> None:
        while size:
            size -= len(self._take(min(size, 2**18)))

    def _take(self, size: int, *, end: bool = False) -> bytes:
        """Return some of the next bytes. Raise Damaged if there are none, unless the `end` may be here."""
        if size == 0:
            return b""
        if not self._buffer:
            self._buffer += self._body.read(2**18)
        if not self._buffer and not end:
            raise Damaged(_("it ends too early."))
        data = bytes(self._buffer[:size])
        del self._buffer[: len(data)]
        return data
