"""Watch this host: guest events, periodic full syncs, its worker, and cached images."""

import signal
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.services import dispatch, heartbeats
from compute.engine.services.duties import Duty
from compute.hosts.models import Hypervisor
from compute.hosts.services import local
from compute.images.services import image_files
from compute.instances.services.watcher import Watcher

PATIENCE = timedelta(seconds=60)
"""How long an operation may be due before its worker is suspected."""


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        host = local.serve()
        watcher = Watcher(
            host,
            operations.wake,
            [
                Duty("worker", 20, lambda: check_worker(host)),
                Duty("images", 10, lambda: image_files.evict(host)),
            ],
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watcher.stop())
        watcher.run()


def check_worker(host: Hypervisor) -> None:
    """Request a heartbeat from the worker. End silent workers if operations of this host wait and none runs."""
    dispatch.request_heartbeat(host.pk)
    on_host = Q(host=host) | Q(host=None)
    running = Operation.objects.open().filter(on_host, lease_until__gt=timezone.now())
    overdue = operations.due().filter(on_host, due_at__lt=timezone.now() - PATIENCE)
    if not running.exists() and overdue.exists():
        heartbeats.end_silent_worker()
