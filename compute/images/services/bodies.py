"""Data of images as they come: what reads them, what checks their length, and what tells that they are damaged."""

import hashlib
from typing import Protocol

from django.utils.translation import gettext as _

from accounts.errors import BadInput


class Body(Protocol):
    """Data that are read as they come."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


class Damaged(Exception):
    """Data that cannot be unpacked; the reason is a sentence."""


class Rejoined:
    """Data whose first bytes were read already, to see what they are."""

    def __init__(self, head: bytes, rest: Body) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""
        if not self._head:
            return self._rest.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


def read_head(body: Body, size: int) -> bytes:
    """Return the first bytes of data: so many, or all if there are fewer."""
    head = b""
    while len(head) < size and (more := body.read(size - len(head))):
        head += more
    return head


class Hashed:
    """Data of which a digest is taken as they are read, by one of `hashlib`'s algorithms."""

    def __init__(self, body: Body, algorithm: str) -> None:
        self._body, self._digest = body, hashlib.new(algorithm)

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""
        data = self._body.read(size)
        self._digest.update(data)
        return data

    def hexdigest(self) -> str:
        """Return the digest of what was read, in hexadecimal digits."""
        return self._digest.hexdigest()


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
