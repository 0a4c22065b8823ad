"""What the lab's tests measure; the end of their run shows it."""

import time

measured: list[str] = []


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def note(self, what: str) -> float:
        """Keep the figure for the end of the run, and return it."""
        seconds = self.seconds
        measured.append(f"{seconds:6.1f} s  {what}")
        return seconds
