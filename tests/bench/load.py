"""Requests over HTTP, several at once, each on a connection of its own as most clients make them."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, to be sent again and again; it must be answered with `status`."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int = 200

    @property
    def raw(self) -> bytes:
        parts = urlsplit(self.url)
        headers = {"Host": parts.netloc, "Connection": "close", "Accept": "application/json"} | self.headers
        if self.body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        lines = [
            f"{self.method} {parts.path} HTTP/1.1",
            *(f"{key}: {value}" for key, value in headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


async def once(call: Call) -> float:
    """Seconds until the last byte."""
    parts = urlsplit(call.url)
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(call.raw)
    answer = await reader.read(-1)
    took = time.perf_counter() - began
    writer.close()
    status = int(answer.split(b" ", 2)[1])
    assert status == call.status, f"{call.method} {call.url} answered {status}: {answer[-500:]!r}"
    return took


async def many(call: Call, seconds: float, at_once: int) -> float:
    """Answers a second while `at_once` clients ask one after the other for so long."""
    answered = 0
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal answered
        while time.perf_counter() < end:
            await once(call)
            answered += 1

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(at_once)))
    return answered / (time.perf_counter() - began)
