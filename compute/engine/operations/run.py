"""One claim of an operation: its lease, its fence, and the writes of its steps."""

import copy
import threading
import time
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Case, DurationField, F, Q, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from compute.engine import kinds
from compute.engine.models import Operation, Subject
from compute.engine.models.operation import OperationQuerySet
from compute.engine.operations import queue
from compute.engine.services import broadcast, secrets, served_host

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 1.0
"""Least time between two writes of a step's progress."""


class LeaseLost(BaseException):
    """Another worker has claimed the operation. Stop at once, write nothing, undo nothing."""


class Cancelled(Exception):
    """The operation was cancelled, or its subject is to be deleted. Undo."""


class Wait(Exception):
    """The step continues at an event or, at the latest, at `until`. The worker is free meanwhile."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(str(until))


class Run:
    """A claimed operation. Every write carries the fence, so that a worker without the lease changes nothing.

    Use it as a context manager, inside which a thread renews the lease. Leaving it releases the lease.
    """

    def __init__(self, operation: Operation, lease: timedelta) -> None:
        self.operation = operation
        self.woken_by = operation.woken_by
        self._subject = (operation.subject_type, operation.subject_id)
        self._lease = lease
        self._progress_at = 0.0
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._renewer = threading.Thread(target=self._renew, name="lease", daemon=True)

    @classmethod
    def claim(cls, operation_id: str) -> Self | None:
        """Claim the operation. Return None if it has ended, is not due, is claimed, or runs on another host."""
        lease = timedelta(seconds=settings.LEASE_SECONDS)
        on_served_host = Q(host=None) | Q(host=served_host.host_id()) if served_host.host_id() else Q()
        unread = Operation(pk=operation_id)
        if queue.must_wait(unread):
            return None
        updated = (
            Operation.objects.open()
            .filter(queue.unleased(), on_served_host, pk=operation_id, due_at__lte=Now())
            .update(
                lease_until=Now() + Value(lease, output_field=DurationField()),
                fence=F("fence") + 1,
                started_at=Coalesce("started_at", Now()),
                attempt=F("attempt") + 1,
                state=Case(
                    When(state=Operation.State.PENDING, then=Value(Operation.State.RUNNING)),
                    default=F("state"),
                ),
                announcements=0,
            )
        )
        if not updated:
            return None
        operation = Operation.objects.get(pk=operation_id)
        operation.held = unread.held
        return cls(operation, lease)

    def __enter__(self) -> Self:
        self._renewer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop renewing. An exception that ends the worker leaves the operation open for another attempt."""
        self._stop.set()
        self._renewer.join()
        if kind is not None and not issubclass(kind, LeaseLost):
            self.release(delay=timedelta(seconds=5))

    @property
    def subject(self) -> Any:
        """Return the row that the steps work on, read anew from the database."""
        noun, key = self._subject
        kind = kinds.registered()[noun]
        return kind.model._default_manager.select_related(*kind.related).get(pk=key)

    @property
    def secrets(self) -> dict[str, str]:
        """Return the unsealed secret parameters."""
        return secrets.unseal(self.operation.secrets)

    def for_row(self, row: Subject) -> Self:
        """Return a copy of this run with another row as its subject, for steps of other actions."""
        other = copy.copy(self)
        other._subject = (kinds.kind_of(row).noun, row.pk)
        return other

    def check(self) -> None:
        """Check the claim before work that cannot be undone. Raise LeaseLost, or Cancelled unless undoing already."""
        if self._lost.is_set():
            raise LeaseLost
        row = self._mine().values_list("cancel_requested", flat=True).first()
        if row is None:
            raise LeaseLost
        if row and self.operation.state != Operation.State.UNDOING:
            raise Cancelled

    def write(self, **fields: Any) -> None:
        """Update columns of the operation. Raise LeaseLost if another worker has claimed it."""
        if not self._wrote(self._mine(), fields):
            raise LeaseLost

    def go_on(self, **fields: Any) -> None:
        """Check the claim and update columns at once, before a step. Raise LeaseLost, Cancelled."""
        if not self._wrote(self._mine().filter(cancel_requested=False), fields):
            self.check()
            raise LeaseLost

    def _wrote(self, rows: OperationQuerySet, fields: dict[str, Any]) -> bool:
        """Return whether the operation was among the rows, which are updated then."""
        if self._lost.is_set() or not rows.change(**fields):
            return False
        for name, value in fields.items():
            setattr(self.operation, name, value)
        broadcast.operation_changed(self.operation)
        return True

    def progress(self, done: int, total: int, unit: str = "bytes") -> bool:
        """Write the progress of a long step, at most once a second. Return whether it was written.

        Raise LeaseLost, Cancelled.
        """
        if done < total and time.monotonic() < self._progress_at:
            return False
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        self.check()
        self.write(progress={"done": done, "total": total, "unit": unit})
        return True

    def release(self, *, delay: timedelta = timedelta(0), until: datetime | None = None) -> None:
        """Release the lease. The operation is due at `until`, or at once after an event or a cancellation."""
        due_at = until or timezone.now() + delay
        unchanged = When(
            woken_by=self.woken_by,
            cancel_requested=self.operation.cancel_requested,
            then=Value(due_at),
        )
        self._mine().update(lease_until=None, due_at=Case(unchanged, default=Now()))

    def hand_over(self, host: UUID) -> None:
        """Release the operation for a worker of another host. The attempt does not count."""
        self.write(host_id=host, timeline=self.operation.timeline, attempt=self.operation.attempt - 1)
        self.release()

    def _mine(self) -> OperationQuerySet:
        return Operation.objects.open().filter(pk=self.operation.pk, fence=self.operation.fence)

    def _renew(self) -> None:
        """Renew the lease four times in its length, so that three failures in a row do not lose it."""
        try:
            while not self._stop.wait(self._lease.total_seconds() / 4):
                try:
                    updated = self._mine().update(
                        lease_until=Now() + Value(self._lease, output_field=DurationField())
                    )
                except DatabaseError as error:
                    log.warning("lease not renewed", operation=str(self.operation.pk), error=str(error))
                    connection.close()
                    continue
                if not updated:
                    self._lost.set()
                    log.warning("lease lost", operation=str(self.operation.pk), kind=self.operation.kind)
                    return
        finally:
            connection.close()
