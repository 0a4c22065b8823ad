"""Let only our own pages open websockets."""

from typing import Any
from urllib.parse import urlsplit

import structlog
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings

log = structlog.get_logger(__name__)


class SameOrigin(OriginValidator):
    """Refuse a handshake from any other origin, or without one.

    The whole origin counts, with scheme and port: a page of another port of this host is a stranger. Here a session
    cookie is the proof, and browsers always send an origin.
    """

    def __init__(self, application: Any) -> None:
        super().__init__(application, [settings.PUBLIC_URL])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if all(map(_is_readable, origins)):
            return await super().__call__(scope, receive, send)
        log.info("unreadable origin", path=scope["path"])
        return await WebsocketDenier()(scope, receive, send)


def _is_readable(origin: bytes) -> bool:
    """Return whether the origin can be parsed; Channels' validator takes that for granted."""
    try:
        urlsplit(origin.decode("latin1")).port  # noqa: B018 - parsed when it is read
    except ValueError:
        return False
    return True
