"""Close the live connections of sessions that have ended: pages and consoles leave at once."""

import contextlib
from collections.abc import Iterable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from accounts import socket_sessions
from compute.engine.services import background_loop


def tell(sender: Any, keys: Iterable[str], **_signal: Any) -> None:
    """Receive `accounts.services.sessions.ended`. Without Redis, connections end at their next check."""
    background_loop.start(_send(list(keys)))


async def _send(keys: list[str]) -> None:
    layer = get_channel_layer()
    with contextlib.suppress(RedisError, OSError):
        for key in keys:
            await layer.group_send(socket_sessions.group_of(key), {"type": "signed.out"})
