"""Bodies of requests: ordinary ones are read whole before a thread is taken, streamed ones as they come."""

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from typing import Any

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]

DISCONNECT = "http.disconnect"

READ_AHEAD = 2**20
"""Bytes of a streamed body that wait for the thread that reads them."""


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


class ReadAhead:
    """The messages of a streamed body, fetched in the event loop while a thread works on earlier ones.

    At most `READ_AHEAD` bytes and one message wait for the thread.
    """

    def __init__(self, receive: Receive) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._bytes, self._lock = 0, threading.Lock()
        self._has_room = asyncio.Event()
        self._task: asyncio.Future[None] | None = None
        self._has_begun = False

    def next(self) -> Message:
        """Return the next message. It waits in the thread for it."""
        if not self._has_begun:
            self._has_begun = True
            self._loop.call_soon_threadsafe(self._begin)
        message = self._messages.get()
        with self._lock:
            was_full = self._bytes >= READ_AHEAD
            self._bytes -= len(message.get("body", b""))
            has_room = was_full and self._bytes < READ_AHEAD
        if has_room:
            self._loop.call_soon_threadsafe(self._has_room.set)
        return message

    def close(self) -> None:
        """Fetch no more. Call it in the event loop."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._fetch())

    async def _fetch(self) -> None:
        has_more = True
        try:
            while has_more:
                message = await self._receive()
                has_more = message["type"] != DISCONNECT and message.get("more_body", False)
                with self._lock:
                    self._bytes += len(message.get("body", b""))
                    if is_full := self._bytes >= READ_AHEAD:
                        self._has_room.clear()
                self._messages.put(message)
                if is_full:
                    await self._has_room.wait()
        except BaseException:
            self._messages.put({"type": DISCONNECT})
            raise


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
