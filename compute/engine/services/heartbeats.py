"""Heartbeats of processes, and the end of workers that take no messages."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from compute.engine.models import Heartbeat

log = structlog.get_logger(__name__)

TASK = "compute.beat"
BEAT_SECONDS = 4.0
SILENT = timedelta(seconds=14)
"""Age of a heartbeat after which its process counts as silent."""

QUEUE = "queue"
"""The heartbeats by which a worker shows that messages reach it. A busy worker is late with them."""

QUEUE_SILENT = timedelta(seconds=60)
"""Age of a queue heartbeat after which messages seem not to reach its worker."""


def beat(process: str, pid: int | None = None) -> None:
    """Record that this process, or the one with `pid`, is alive now."""
    Heartbeat.objects.update_or_create(
        process=process,
        host=settings.HOST,
        pid=pid or os.getpid(),
        defaults={"at": timezone.now()},
    )


def alive(process: str) -> bool:
    """Return whether any process of this kind is alive."""
    return Heartbeat.objects.filter(process=process, at__gt=timezone.now() - SILENT).exists()


def alive_on(host: str) -> set[str]:
    """Return the kinds of processes that are alive on this host."""
    rows = Heartbeat.objects.filter(host=host, at__gt=timezone.now() - SILENT)
    return set(rows.values_list("process", flat=True))


def silent(process: str) -> set[str]:
    """Return the hosts on which processes of this kind were alive once, but none is now."""
    newest = Heartbeat.objects.filter(process=process).values("host").annotate(newest=Max("at"))
    return set(newest.filter(newest__lt=timezone.now() - SILENT).values_list("host", flat=True))


def end_silent_worker() -> None:
    """Kill this host's workers that take no messages any more. The supervisor starts others.

    Celery workers may stop taking messages after their broker was away. Call this only while operations wait and none
    runs, since a busy worker is late with its heartbeats too.
    """
    limit = timezone.now() - QUEUE_SILENT
    for row in Heartbeat.objects.filter(process=QUEUE, host=settings.HOST, at__lt=limit):
        if _is_worker(row.pid):
            log.warning("ending a silent worker", pid=row.pid, since=row.at.isoformat(timespec="seconds"))
            os.kill(row.pid, signal.SIGKILL)
            row.delete()


def _is_worker(pid: int) -> bool:
    """Return whether the process with this id is a worker, since ids are reused."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # Forked by the supervisor, or started alone.
    return command.endswith((b"meridian: worker", b"manage.py\0worker"))
