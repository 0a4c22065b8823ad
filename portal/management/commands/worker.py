"""`manage.py worker`: run operations, as Celery hands them out."""

import sys
import warnings
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from compute.engine.services import dispatch
from compute.hosts.services import local
from portal.celery import app


class Command(BaseCommand):
    help = "Run operations of this host and of any, MERIDIAN_WORKERS of them at the same time."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        # Celery warns of root, which driving libvirt and its sockets needs.
        warnings.filterwarnings("ignore", "You're running the worker")
        host = local.serve()
        connection.close()
        worker = app.Worker(
            queues=[dispatch.queue_of(host.pk), dispatch.COMMON],
            concurrency=settings.WORKERS,
            optimization="fair",
            without_gossip=True,
            without_mingle=True,
            quiet=True,
        )
        worker.start()
        sys.exit(worker.exitcode)
