"""Processes that stop answering without dying: a frozen libvirtd, worker or QEMU."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def frozen(process: int) -> Iterator[None]:
    """Stop the process for the time of a block; it goes on afterwards, whatever happens."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it was killed meanwhile
            os.kill(process, signal.SIGCONT)
