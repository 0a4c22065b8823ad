"""`manage.py web`: serves pages, APIs and live changes until it is told to stop."""

from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Serve pages, APIs and live changes. Listens on run/web.sock in the data folder."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        uvicorn.run(
            "portal.asgi:application",
            uds=str(settings.RUN_DIR / "web.sock"),
            workers=settings.WEB_WORKERS,
            lifespan="off",
            access_log=False,
            log_config=None,
            forwarded_allow_ips="*",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
