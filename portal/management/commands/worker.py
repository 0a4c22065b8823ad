"""`manage.py worker`: run operations, as Celery hands them out."""

import sys
import warnings
from typing import Any, ClassVar

import structlog
from celery.bootsteps import StartStopStep
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from compute.engine.services import dispatch, heartbeats
from compute.hosts.models import Hypervisor
from compute.hosts.services import liveness, local
from portal.celery import app

log = structlog.get_logger(__name__)


class Beating(StartStopStep):
    """Says now and then that the worker's main process is alive, each time by the loop that takes messages."""

    requires = {"celery.worker.consumer.connection:Connection"}
    host: ClassVar[Hypervisor]
    timer: Any = None

    def start(self, consumer: Any) -> None:
        """Begin, and begin anew after a lost connection to the broker."""
        if self.timer is not None:
            self.timer.cancel()
        self._beat()
        self.timer = consumer.timer.call_repeatedly(heartbeats.BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        try:
            liveness.worker_speaks(self.host)
        except DatabaseError as error:
            log.warning("no heartbeat", error=str(error))
        finally:
            connection.close()  # a child that is forked later must not share it


class Command(BaseCommand):
    help = "Run operations of this host and of any, MERIDIAN_WORKERS of them at the same time."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        # Celery warns of root, which driving libvirt and its sockets needs.
        warnings.filterwarnings("ignore", "You're running the worker")
        # Its processes have one thread each, and a pool does not survive their fork.
        database = settings.DATABASES["default"]
        database.get("OPTIONS", {}).pop("pool", None)
        database |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
        host = Beating.host = local.serve()
        connection.close()
        app.steps["consumer"].add(Beating)
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
