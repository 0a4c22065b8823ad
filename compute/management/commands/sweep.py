"""Run the duties of the whole cloud: due operations, schedules, expiry, the recycle bin, retention.

Several processes may run. One has the lease and works, the others stand by.
"""

import signal
import threading
import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from accounts.services import retention
from compute.engine.operations import announcing
from compute.engine.services import heartbeats, leases
from compute.engine.services.duties import Duty, Rota
from compute.hosts.services import liveness
from compute.images.services import uploads
from compute.instances.duties import expiring, recycle_bin, scheduled
from compute.volumes.duties import planned_backups

log = structlog.get_logger(__name__)

LEASE = "sweep"
LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0
LONGEST_PAUSE = 1.0


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sweep(stop)


def sweep(stop: threading.Event) -> None:
    """Run the duties while this process has the lease, until `stop` is set."""
    rota = Rota(
        [
            Duty("due operations", 5, announcing.announce_due),
            Duty("hosts", 2, liveness.mark_silent),
            Duty("schedules", 5, scheduled.sweep),
            Duty("planned backups", 5, planned_backups.sweep),
            Duty("expiry", 60, expiring.sweep),
            Duty("uploads", 30, uploads.sweep),
            Duty("recycle bin", 60, recycle_bin.empty),
            Duty("retention", 60, retention.Sweeper().sweep),
        ]
    )
    process_duties = Rota([Duty("heartbeat", heartbeats.BEAT_SECONDS, lambda: heartbeats.beat("sweep"))])
    has_lease, renew_at = False, 0.0
    while not stop.is_set():
        if time.monotonic() >= renew_at:
            has_lease, renew_at = _acquire_lease(), time.monotonic() + RENEW_SECONDS
        process_duties.run_due()
        if has_lease:
            rota.run_due()
        stop.wait(LONGEST_PAUSE)
    if has_lease:
        leases.release(LEASE)


def _acquire_lease() -> bool:
    try:
        return leases.acquire(LEASE, LEASE_SECONDS)
    except DatabaseError as error:
        log.warning("lease not renewed", reason=str(error))
        close_old_connections()
        return False
