"""Refuses request bodies over the limit before anything reads them, also where Content-Length lies."""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TOO_LARGE = "The request is too large: at most {limit} bytes.\n"


class BodyLimit:
    """Wraps an ASGI application and answers 413 in its place once more than `limit` bytes have come."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 12 or int(declared) > self.limit:
            await self._refuse(send)
            return
        body, whole = await self._read(receive)
        if body is None:
            await self._refuse(send)
            return
        messages = [{"type": "http.request", "body": body}] if whole else [{"type": "http.disconnect"}]

        async def replay() -> dict[str, Any]:
            return messages.pop() if messages else await receive()

        await self.application(scope, replay, send)

    async def _read(self, receive: Receive) -> tuple[bytes | None, bool]:
        """The body, None if too large; and whether it came to its end."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"", False
            part = message.get("body", b"")
            size += len(part)
            if size > self.limit:
                return None, False
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts), True

    async def _refuse(self, send: Send) -> None:
        text = TOO_LARGE.format(limit=self.limit).encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
        await send(
            {"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]}
        )
        await send({"type": "http.response.body", "body": text})
