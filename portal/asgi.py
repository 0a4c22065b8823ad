"""Pages over HTTP, live changes and serial consoles over websockets."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - models can be imported only from here on
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from portal.handler import ThreadHandler  # noqa: E402
from portal.urls import websockets  # noqa: E402

# The whole origin, with scheme and port: a page of another port of this host is a stranger. A websocket
# without an Origin is refused as well, because here a session cookie is the proof and browsers always send one.
application = ProtocolTypeRouter(
    {
        "http": ThreadHandler(settings.WEB_THREADS, settings.WEB_STREAMING_THREADS),
        "websocket": OriginValidator(AuthMiddlewareStack(URLRouter(websockets)), [settings.PUBLIC_URL]),
    }
)
