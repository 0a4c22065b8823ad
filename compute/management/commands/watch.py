"""Watch the local hypervisor: events, full sync, due operations, the recycle bin."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from compute import operations
from compute.actions import recycle_bin
from compute.services import defaults, dispatch
from compute.services.watcher import Duty, Watcher


def announce_due_operations() -> None:
    """Tell the workers again of whatever nobody works on."""
    for operation_id in operations.due().values_list("pk", flat=True)[:500]:
        dispatch.send(operation_id)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        watcher = Watcher(
            defaults.ensure(),
            operations.wake,
            [Duty("sweep", 5, announce_due_operations), Duty("recycle bin", 60, recycle_bin.empty)],
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watcher.stop())
        watcher.run()
