"""Processes say that they are alive, and a worker that has gone silent is ended so that a new one starts."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.utils import timezone

from compute.engine.models import Heartbeat

log = structlog.get_logger(__name__)

TASK = "compute.beat"
STALE = timedelta(seconds=60)


def beat(process: str, pid: int | None = None) -> None:
    """This process, or the one with `pid`, is alive now."""
    Heartbeat.objects.update_or_create(
        process=process,
        host=settings.HOST,
        pid=pid or os.getpid(),
        defaults={"at": timezone.now()},
    )


def alive(process: str) -> bool:
    """Whether any process of this kind has beaten lately."""
    return Heartbeat.objects.filter(process=process, at__gt=timezone.now() - STALE).exists()


def alive_on(host: str) -> set[str]:
    """Return the kinds of processes of this host that have beaten lately."""
    rows = Heartbeat.objects.filter(host=host, at__gt=timezone.now() - STALE)
    return set(rows.values_list("process", flat=True))


def end_silent_worker() -> None:
    """End this host's workers that take no messages any more; the supervisor starts others.

    Celery workers are known to go silent after their broker was away. Call this only while work waits and
    nobody does it: a worker that is merely busy beats late, too.
    """
    silent = Heartbeat.objects.filter(process="worker", host=settings.HOST, at__lt=timezone.now() - STALE)
    for row in silent:
        if _is_worker(row.pid):
            log.warning("ending a silent worker", pid=row.pid, since=row.at.isoformat(timespec="seconds"))
            os.kill(row.pid, signal.SIGKILL)
            row.delete()


def _is_worker(pid: int) -> bool:
    """Process ids are used again, so look who has it now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # Forked by the supervisor, or started alone.
    return command.endswith((b"meridian: worker", b"manage.py\0worker"))
