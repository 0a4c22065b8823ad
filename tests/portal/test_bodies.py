"""Streamed bodies: fetched ahead of the thread that reads them, but never more than a little."""

import asyncio
import time
from typing import Any

import pytest

from portal.bodies import DISCONNECT, READ_AHEAD, ClientGone, ReadAhead, StreamedBody

PART = bytes(READ_AHEAD // 4)


class Sender:
    """A client that sends as fast as it is read, and says how many of its messages were taken."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages, self.taken = list(messages), 0

    async def receive(self) -> dict[str, Any]:
        if self.taken == len(self.messages):
            await asyncio.Event().wait()
        self.taken += 1
        return self.messages[self.taken - 1]


def parts(number: int) -> list[dict[str, Any]]:
    return [{"type": "http.request", "body": PART, "more_body": n + 1 < number} for n in range(number)]


def test_all_of_it_comes_and_no_more_than_a_little_ahead() -> None:
    async def story() -> int:
        sender = Sender(*parts(40))
        ahead = ReadAhead(sender.receive)

        def read_slowly() -> int:
            body, most = StreamedBody(ahead.next), 0
            size = len(body.read(1) or b"")
            time.sleep(0.2)  # all that may be ahead is
            most = sender.taken
            while data := body.read(len(PART)):
                size += len(data)
            assert size == 40 * len(PART)
            return most

        return await asyncio.to_thread(read_slowly)

    assert 4 <= asyncio.run(story()) <= 6


def test_whoever_leaves_is_told_from_an_end() -> None:
    async def story() -> None:
        ahead = ReadAhead(Sender(*parts(3)[:2], {"type": DISCONNECT}).receive)
        await asyncio.to_thread(StreamedBody(ahead.next).readall)

    with pytest.raises(ClientGone):
        asyncio.run(story())


def test_what_nobody_reads_any_more_is_not_fetched() -> None:
    async def story() -> int:
        sender = Sender(*parts(100))
        ahead = ReadAhead(sender.receive)
        await asyncio.to_thread(ahead.next)
        await asyncio.sleep(0.1)
        before = sender.taken
        ahead.close()
        await asyncio.to_thread(ahead.next)
        await asyncio.sleep(0.1)
        assert sender.taken == before
        return before

    assert asyncio.run(story()) <= 6
