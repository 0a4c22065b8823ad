"""Watch this host: its guests' events, a full comparison now and then, its worker, copies of images."""

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
"""How long a due operation may lie before its worker is suspected."""


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        host = local.serve()
        watcher = Watcher(
            host,
            operations.wake,
            [
                Duty("worker", 20, lambda: mind_worker(host)),
                Duty("images", 10, lambda: image_files.evict(host)),
            ],
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watcher.stop())
        watcher.run()


def mind_worker(host: Hypervisor) -> None:
    """Ask for a sign of life; where work of this host lies and none is done, end the worker that gives none."""
    dispatch.ask_for_beat(host.pk)
    ours = Q(host=host) | Q(host=None)
    working = Operation.objects.open().filter(ours, lease_until__gt=timezone.now()).exists()
    lying = operations.due().filter(ours, due_at__lt=timezone.now() - PATIENCE)
    if not working and lying.exists():
        heartbeats.end_silent_worker()
