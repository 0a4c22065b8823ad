"""A worker that has gone silent is ended; whoever else has its process id by now is not."""

import socket
import subprocess
import sys

import pytest
from django.utils import timezone

from compute.engine.models import Heartbeat
from compute.engine.services import heartbeats

SLEEP = "import setproctitle, sys, time; setproctitle.setproctitle(sys.argv[1]); print('named', flush=True); time.sleep(60)"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("title", "ends"), [("meridian: worker", True), ("meridian: web", False), ("another worker", False)]
)
def test_only_a_worker_is_ended(title: str, ends: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP, title], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"named\n"
        row = Heartbeat.objects.create(
            process=heartbeats.QUEUE,
            host=socket.gethostname(),
            pid=process.pid,
            at=timezone.now() - 2 * heartbeats.QUEUE_SILENT,
        )
        heartbeats.end_silent_worker()
        assert Heartbeat.objects.filter(pk=row.pk).exists() is not ends
        if not ends:
            assert process.poll() is None
            process.kill()
        assert process.wait(10) < 0


@pytest.mark.django_db
def test_of_several_silent_ones_each_is_looked_at() -> None:
    """The row of a worker that is gone for good hides no other."""
    command = [sys.executable, "-c", SLEEP, "meridian: worker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"named\n"
        for pid in (2**22 + 1, process.pid):
            Heartbeat.objects.create(
                process=heartbeats.QUEUE,
                host=socket.gethostname(),
                pid=pid,
                at=timezone.now() - 2 * heartbeats.QUEUE_SILENT,
            )
        heartbeats.end_silent_worker()
        assert process.wait(10) < 0
