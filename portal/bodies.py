"""Bodies of requests: ordinary ones are read whole before a thread is taken, streamed ones as they come."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]

DISCONNECT = "http.disconnect"


class TooLarge(Exception):
    """The body is longer than its address allows."""


class ClientGone(ConnectionError):
    """The client closed the connection before its request or our answer was whole."""


async def read_whole(scope: Scope, receive: Receive, limit: int) -> io.BytesIO:
    """Return the body. Raise TooLarge beyond `limit`, ClientGone if the body does not come to its end.

    Content-Length is checked before anything is read. What comes is counted too, since chunks have no length.
    """
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 12 or int(length) > limit:
        raise TooLarge
    body = io.BytesIO()
    while True:
        message = await receive()
        if message["type"] == DISCONNECT:
            raise ClientGone
        body.write(message.get("body", b""))
        if body.tell() > limit:
            raise TooLarge
        if not message.get("more_body", False):
            body.seek(0)
            return body


class StreamedBody(io.RawIOBase):
    """A body of any size, read as the client sends it. `receive` waits in the thread for the next message."""

    def __init__(self, receive: Callable[[], Message]) -> None:
        self._receive = receive
        self._part = memoryview(b"")
        self._has_more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a part of `buffer`; return 0 at the end. Raise ClientGone if the body does not come to its end."""
        while not self._part and self._has_more:
            message = self._receive()
            if message["type"] == DISCONNECT:
                raise ClientGone
            self._part = memoryview(message.get("body", b""))
            self._has_more = message.get("more_body", False)
        target = memoryview(buffer)
        size = min(len(target), len(self._part))
        target[:size] = self._part[:size]
        self._part = self._part[size:]
        return size
