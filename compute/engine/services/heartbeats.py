"""Processes say that they are alive, and a worker that has gone silent is ended so that a new one starts."""

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
"""How long nothing may be heard of a process that beats every `BEAT_SECONDS`."""

QUEUE = "queue"
"""The beats by which a worker shows that messages reach it. A busy one is late with them."""

DEAF = timedelta(seconds=60)
"""How long no message may have reached a worker while work waits for it."""


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
    return Heartbeat.objects.filter(process=process, at__gt=timezone.now() - SILENT).exists()


def alive_on(host: str) -> set[str]:
    """Return the kinds of processes of this host that have beaten lately."""
    rows = Heartbeat.objects.filter(host=host, at__gt=timezone.now() - SILENT)
    return set(rows.values_list("process", flat=True))


def silent(process: str) -> set[str]:
    """Return the hosts on which processes of this kind have beaten before, but none lately."""
    newest = Heartbeat.objects.filter(process=process).values("host").annotate(newest=Max("at"))
    return set(newest.filter(newest__lt=timezone.now() - SILENT).values_list("host", flat=True))


def end_silent_worker() -> None:
    """End this host's workers that take no messages any more; the supervisor starts others.

    Celery workers are known to go silent after their broker was away. Call this only while work waits and
    nobody does it: a worker that is merely busy beats late, too.
    """
    deaf = Heartbeat.objects.filter(process=QUEUE, host=settings.HOST, at__lt=timezone.now() - DEAF)
    for row in deaf:
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
