"""Places where a test may kill the worker for real."""

import os
import signal
from pathlib import Path

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here, once, if the failpoint folder holds a file of this name: as if the power had gone."""
    if not settings.FAILPOINTS:
        return
    armed = Path(settings.FAILPOINTS) / name
    if armed.exists():
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
