"""Data of images as they come: what reads them, what checks their length, and what tells that they are damaged."""

from typing import Protocol

from django.utils.translation import gettext as _

from accounts.errors import BadInput


class Body(Protocol):
    """Data that are read as they come."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


class Damaged(Exception):
    """Data that cannot be unpacked; the reason is a sentence."""


class WholeBody:
    """Data of a length that the sender may have said."""

    def __init__(self, body: Body, length: int | None) -> None:
        self._body, self._length, self._size = body, length, 0

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes. Raise BadInput at the end if it is not where the sender has said."""
        data = self._body.read(size)
        self._size += len(data)
        if not data and self._length not in {None, self._size}:
            raise BadInput(
                _("The data ended after %(size)s of %(length)s bytes.")
                % {"size": self._size, "length": self._length}
            )
        return data
