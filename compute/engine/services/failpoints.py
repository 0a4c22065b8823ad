"""Places where a test may kill the worker for real, or have it stand still."""

import os
import signal
import time
from pathlib import Path

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here, once, if the failpoint folder holds a file of this name: as if the power had gone.

    Stand still here as long as it holds a file of this name behind `hold-`.
    """
    if not settings.FAILPOINTS:
        return
    folder = Path(settings.FAILPOINTS)
    while (folder / f"hold-{name}").exists():
        time.sleep(0.02)
    armed = folder / name
    if armed.exists():
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
