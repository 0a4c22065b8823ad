"""Duties: periodic work of one process."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, close_old_connections

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """Work done every `seconds`."""

    name: str
    seconds: float
    do: Callable[[], object]


class Rota:
    """Duties with the time at which each is next due. A duty that raises is logged and runs again when next due."""

    def __init__(self, duties: Iterable[Duty]) -> None:
        self._duties = list(duties)
        self._due: dict[str, float] = {duty.name: 0.0 for duty in self._duties}

    @property
    def next_at(self) -> float:
        """Return when the next duty is due, by the monotonic clock."""
        return min(self._due.values(), default=float("inf"))

    def run_due(self) -> None:
        """Run the duties that are due now."""
        for duty in self._duties:
            if time.monotonic() >= self._due[duty.name]:
                self._due[duty.name] = time.monotonic() + duty.seconds
                self._do(duty)

    def _do(self, duty: Duty) -> None:
        try:
            duty.do()
        except DatabaseError as error:
            log.warning("duty waits for the database", duty=duty.name, reason=str(error))
            close_old_connections()
        except Exception:
            log.exception("duty failed", duty=duty.name)
