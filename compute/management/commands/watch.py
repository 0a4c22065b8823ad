"""Watch the local hypervisor: events, full sync, due operations, silent workers, the recycle bin, retention."""

import signal
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.services import retention
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import announcing
from compute.engine.services import dispatch, heartbeats
from compute.images.services import image_files
from compute.instances.actions import expiring, recycle_bin, scheduled
from compute.instances.services.watcher import Duty, Watcher
from compute.management import defaults

PATIENCE = timedelta(seconds=60)
"""How long a due operation may lie before its worker is suspected."""


def announce_due_operations() -> None:
    """Tell the workers again of whatever nobody works on."""
    announcing.announce_due()


def mind_workers() -> None:
    """Ask for a sign of life; where work lies and none is being done, end the worker that gives none."""
    dispatch.ask_for_beat()
    working = Operation.objects.open().filter(lease_until__gt=timezone.now()).exists()
    if not working and operations.due().filter(due_at__lt=timezone.now() - PATIENCE).exists():
        heartbeats.end_silent_worker()


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        hypervisor = defaults.ensure()
        watcher = Watcher(
            hypervisor,
            operations.wake,
            [
                Duty("sweep", 5, announce_due_operations),
                Duty("workers", 20, mind_workers),
                Duty("recycle bin", 60, recycle_bin.empty),
                Duty("schedules", 5, scheduled.sweep),
                Duty("expiry", 60, expiring.sweep),
                Duty("images", 10, lambda: image_files.evict(hypervisor)),
                Duty("retention", 60, retention.Sweeper().sweep),
            ],
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watcher.stop())
        watcher.run()
