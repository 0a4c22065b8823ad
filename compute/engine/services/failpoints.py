"""Failpoints: places where a test may kill or pause the process, or make a step fail."""

import os
import signal
import time
from pathlib import Path

from django.conf import settings


class FailpointError(Exception):
    """A failpoint requires that the step fails."""


def failpoint(name: str) -> None:
    """Kill this process, once, if the failpoint folder has a file of this name.

    Pause as long as it has a file of this name with the prefix `hold-`. Raise FailpointError if it has one with the
    prefix `fail-`.
    """
    if not settings.FAILPOINTS:
        return
    folder = Path(settings.FAILPOINTS)
    while (folder / f"hold-{name}").exists():
        time.sleep(0.02)
    if (folder / f"fail-{name}").exists():
        raise FailpointError(name)
    armed = folder / name
    if armed.exists():
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
