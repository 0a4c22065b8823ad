"""A circuit breaker, which spares callers the wait for a service that has just failed to answer."""

import time


class Breaker:
    """A circuit breaker that is open for `seconds` after `trip`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def trip(self) -> None:
        self._until = time.monotonic() + self._seconds

    def reset(self) -> None:
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._until
