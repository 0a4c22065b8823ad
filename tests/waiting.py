"""Waiting for the outside world."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Wait for a condition of the outside world, or fail saying which."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
