"""Places where a test may kill the worker for real, have it stand still, or have a step fail."""

import os
import signal
import time
from pathlib import Path

from django.conf import settings


class FailpointError(Exception):
    """A failpoint said that this must fail."""


def failpoint(name: str) -> None:
    """Die here, once, if the failpoint folder holds a file of this name: as if the power had gone.

    Stand still here as long as it holds a file of this name behind `hold-`. Raise FailpointError as long as it
    holds one behind `fail-`.
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
