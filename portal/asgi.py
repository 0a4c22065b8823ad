"""Pages over HTTP, live changes and serial consoles over websockets."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - models can be imported only from here on
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from accounts.same_origin import SameOrigin  # noqa: E402
from portal.handler import ThreadHandler  # noqa: E402
from portal.urls import websockets  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": ThreadHandler(settings.WEB_THREADS, settings.WEB_STREAMING_THREADS),
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websockets))),
    }
)
