"""Serve HTTP: Django in bounded threads, each request in one thread from end to end.

No page and no API is asynchronous. Django's own handler would start a thread for each and change threads several
times. That takes three times as long as the rest of a small answer, and never reuses a database connection.

An ordinary body is read whole before a thread is taken, so a slow client costs no thread. Addresses in
`settings.STREAMED_PATHS` send and receive any number of bytes as fast as the client does. They have threads of
their own, so slow ones delay each other, and never a page.

At most half of either work for one address at a time. Its further requests wait, and nobody else's behind them.
"""

# a2wsgi in place of this module sends each answer in three messages, each a change of threads. In pairs (two processes,
# 16 requests at once) it serves 0.94 times as many validations and 0.88 times as many rescopes, for 25 % and 29 % more
# CPU each: beside Keystone 4.99 (goal 5), 2.94 (goal 3), sign-in 0.31 (goal 0.25). It also takes a half-sent body for
# whole, and a body in chunks, as clients send images, has no length and is empty for WSGI.

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from functools import partial
from typing import IO, Any, TypeVar, cast
from weakref import WeakValueDictionary

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from compute.store import PIECE_BYTES
from portal.bodies import (
    DISCONNECT,
    ClientGone,
    Message,
    ReadAhead,
    Receive,
    Scope,
    StreamedBody,
    TooLarge,
    read_whole,
)

Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

TOO_LARGE = "The request is too large: at most {limit} bytes.\n"


class Client:
    """The client of one request, for the thread that answers it: each call waits for the event loop."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive, self._send = receive, send
        self._body = ReadAhead(receive)
        self._watcher: asyncio.Task[None] | None = None
        self._has_gone = False

    def receive(self) -> Message:
        """Return the next message of the client."""
        return self._body.next()

    def send(self, message: Message) -> None:
        """Send one part of an answer that has more. Raise ClientGone if the connection is closed."""
        asyncio.run_coroutine_threadsafe(self._send_watched(message), self._loop).result()

    async def _send_watched(self, message: Message) -> None:
        """Send a part while the client's next message is watched, since uvicorn drops parts for a closed connection."""
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        await self._send(message)
        if self._has_gone:
            raise ClientGone

    async def _watch(self) -> None:
        while (await self._receive())["type"] != DISCONNECT:
            pass
        self._has_gone = True

    def close(self) -> None:
        """Stop reading and watching. Call it in the event loop."""
        self._body.close()
        if self._watcher is not None:
            self._watcher.cancel()


class Threads:
    """Threads that answer requests, of which at most half work for one address at a time."""

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._of_one = max(1, count // 2)
        # Those that nobody holds or waits for are forgotten.
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def run(self, scope: Scope, function: Callable[[Callable[[], None]], T]) -> T:
        """Run the function in a thread, as soon as it is the turn of this client's address.

        It is given what ends the turn early, for a thread that from then on only waits for its client.
        """
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as turn:
            if scope.get("client"):  # or a socket of this machine
                await turn.enter_async_context(self._turn(scope["client"][0]))

            def end_turn() -> None:
                asyncio.run_coroutine_threadsafe(turn.aclose(), loop).result()

            return await loop.run_in_executor(self._pool, function, end_turn)

    def _turn(self, address: str) -> asyncio.Semaphore:
        turn = self._turns.get(address) or asyncio.Semaphore(self._of_one)
        self._turns[address] = turn
        return turn


class ThreadHandler(ASGIHandler):
    """An ASGI application for HTTP. It answers at most `threads` requests at once; the others wait.

    Streamed addresses have `streaming_threads` of their own.
    """

    def __init__(self, threads: int, streaming_threads: int) -> None:
        super().__init__()
        self._threads = Threads(threads, "request")
        self._streaming_threads = Threads(streaming_threads, "stream")
        self._streamed = re.compile("|".join(settings.STREAMED_PATHS))
        self._in_pieces = re.compile("|".join(settings.PIECE_PATHS))

    def load_middleware(self, is_async: bool = False) -> None:
        """Load the middleware for synchronous code, whatever Django's handler asks for."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        client = Client(receive, send)
        body: IO[bytes]
        if self._streamed.fullmatch(scope["path"]):
            threads, body = self._streaming_threads, _buffered(StreamedBody(client.receive))
        else:
            threads, limit = self._threads, settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            if self._in_pieces.fullmatch(scope["path"]):
                limit = PIECE_BYTES
            try:
                body = await read_whole(scope, receive, limit)
            except TooLarge:
                await _refuse(send, limit)
                return
            except ClientGone:
                return
        try:
            for message in await threads.run(scope, partial(self._answer, scope, body, client)):
                await send(message)
        except ClientGone:
            return
        finally:
            client.close()

    def _answer(
        self, scope: Scope, body: IO[bytes], client: Client, end_turn: Callable[[], None]
    ) -> list[Message]:
        """Run the request. Return the messages left to send: all of them, or the last of a streamed response."""
        with closing(body):
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=self.__class__, scope=scope)
            request, refusal = self.create_request(scope, body)
            response: Any = self.get_response(request) if request is not None else refusal
            response._handler_class = self.__class__  # the sender of `request_finished`
            with closing(response):
                start = {
                    "type": "http.response.start",
                    "status": response.status_code,
                    "headers": _headers(response),
                }
                if not response.streaming:
                    return [start, {"type": "http.response.body", "body": response.content}]
                end_turn()
                client.send(start)
                for part in response:
                    client.send({"type": "http.response.body", "body": part, "more_body": True})
                return [{"type": "http.response.body"}]


def _buffered(body: StreamedBody) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(body))


async def _refuse(send: Send, limit: int) -> None:
    text = TOO_LARGE.format(limit=limit).encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = [(b"Set-Cookie", cookie.OutputString().encode("ascii")) for cookie in response.cookies.values()]
    return headers + cookies
