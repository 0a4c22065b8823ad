"""Closes what stands on sessions that have ended: open pages and consoles leave at once."""

import contextlib
from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from portal import groups


def tell(sender: Any, keys: Iterable[str], **_signal: Any) -> None:
    """Receives `accounts.services.sessions.ended`. Without Redis, connections end at their next check."""
    send = async_to_sync(get_channel_layer().group_send)
    with contextlib.suppress(RedisError, OSError):
        for key in keys:
            send(groups.of_session(key), {"type": "signed.out"})
