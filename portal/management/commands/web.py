"""`manage.py web`: serve pages, APIs and live changes."""

from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand

from portal import supervision


class Command(BaseCommand):
    help = "Serve pages, APIs and live changes. Listens on run/NAME.sock in the data folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="web")

    def handle(self, *_args: Any, name: str, **_options: Any) -> None:
        uvicorn.run(
            "portal.asgi:application",
            uds=str(supervision.web_socket(name)),
            lifespan="off",
            access_log=False,
            log_config=None,
            forwarded_allow_ips="*",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
