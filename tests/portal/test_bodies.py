"""Bodies over the limit never reach the application, whatever Content-Length says."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from portal.bodies import BodyLimit

LIMIT = 100


async def _echo(_scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message.get("body", b"")})


def answer(parts: list[bytes], length: str | None) -> tuple[int, bytes]:
    """Status and body for a request of these parts."""
    headers = [(b"content-length", length.encode())] if length is not None else []
    incoming = [
        {"type": "http.request", "body": part, "more_body": at + 1 < len(parts)}
        for at, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async_to_sync(BodyLimit(_echo, LIMIT))({"type": "http", "headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize("length", [None, "100"])
def test_a_body_at_the_limit_arrives_whole(length: str | None) -> None:
    assert answer([b"a" * 60, b"b" * 40], length) == (200, b"a" * 60 + b"b" * 40)


@pytest.mark.parametrize(
    ("parts", "length"),
    [
        ([b"a" * 101], "101"),
        ([b"a" * 60, b"b" * 41], None),
        ([b"a" * 60, b"b" * 41], "10"),
        ([b""], "-1"),
        ([b""], "1e3"),
        ([b""], "9" * 5000),
    ],
)
def test_a_larger_one_is_refused(parts: list[bytes], length: str | None) -> None:
    status, body = answer(parts, length)
    assert status == 413
    assert b"at most 100 bytes" in body
