"""Serves HTTP, with each request whole in one thread.

No page and no API is asynchronous. Django's own handler would start a thread for each of them and change threads
several times on the way, which takes three times as long as all else that a small answer needs; and a database
connection would never be used twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import IO, Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


class ThreadHandler(ASGIHandler):
    """An ASGI application for HTTP that answers at most `threads` requests at once; the others wait."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:
        """As for any synchronous server, whatever Django's handler for asynchronous ones asks."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()

        def send_part(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()

        for message in await loop.run_in_executor(self._threads, self._answer, scope, body, send_part):
            await send(message)

    def _answer(self, scope: Any, body: IO[bytes], send_part: Callable[[Message], None]) -> list[Message]:
        """What is left to send: all of it, but for a response that is made while it is sent."""
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
                send_part(start)
                for part in response:
                    send_part({"type": "http.response.body", "body": part, "more_body": True})
                return [{"type": "http.response.body"}]


async def _sent(send: Send, message: Message) -> None:
    await send(message)


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = [(b"Set-Cookie", cookie.OutputString().encode("ascii")) for cookie in response.cookies.values()]
    return headers + cookies
