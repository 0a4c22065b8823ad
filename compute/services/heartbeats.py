"""Processes say that they are alive."""

import os
import socket
from datetime import timedelta

from django.utils import timezone

from compute.models import Heartbeat

STALE = timedelta(seconds=60)


def beat(process: str) -> None:
    """This process is alive now."""
    Heartbeat.objects.update_or_create(
        process=process, host=socket.gethostname(), defaults={"pid": os.getpid(), "at": timezone.now()}
    )


def alive(process: str) -> bool:
    """Whether any process of this kind has beaten lately."""
    return Heartbeat.objects.filter(process=process, at__gt=timezone.now() - STALE).exists()
