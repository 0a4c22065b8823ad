"""`manage.py console_proxy`: carries instances' screens to browsers until it is told to stop."""

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from compute.console.server import ConsoleProxy


class Command(BaseCommand):
    help = "Carry instances' screens to browsers. Listens on run/console.sock in the data folder."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGTERM."""
        # Each child asks seldom and briefly, so it opens one connection and keeps none.
        settings.DATABASES["default"].get("OPTIONS", {}).pop("pool", None)
        logging.getLogger("websocket").setLevel(logging.WARNING)
        ConsoleProxy(settings.RUN_DIR / "console.sock").start_server()
