"""Stuck operations: undone once more when somebody asks, settled once their row is gone."""

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.engine import kinds
from compute.engine.models import Hold, Operation, Subject
from compute.engine.operations.locking import lock_rows
from compute.engine.services import broadcast, dispatch

State = Operation.State


@transaction.atomic
def retry_stuck(operation: Operation) -> None:
    """Undo a stuck operation once more. Raise Conflict if it is not stuck, or its rows have changed since.

    What runs now must not be undone under its feet, and what was done later must not be undone with it.
    """
    lock_rows(operation)
    if _has_later(operation):
        raise Conflict(
            _(
                "Something else was done to %(name)s since, which undoing would break. Delete it for good instead."
            )
            % {"name": operation.subject_name}
        )
    revived = Operation.objects.filter(pk=operation.pk, state=State.STUCK).change(
        state=State.UNDOING, attempt=0, due_at=timezone.now(), lease_until=None, finished_at=None, left=None
    )
    if not revived:
        raise Conflict(_("It is not stuck."))
    dispatch.send_on_commit(operation.pk, operation.host_id)
    broadcast.operation_changed(operation)


def settle_stuck(row: Subject) -> None:
    """End the row's stuck operations as failed: the row is gone, and with it what they left."""
    for operation in Operation.objects.filter(subject_id=row.pk, state=State.STUCK):
        Operation.objects.filter(pk=operation.pk, state=State.STUCK).change(state=State.FAILED, left=None)
        broadcast.operation_changed(operation)


def _has_later(operation: Operation) -> bool:
    """Whether another operation came to one of its rows later; those that are gone do not count."""
    gone = Q()
    for noun, kind in kinds.registered().items():
        rows = kind.model._default_manager.filter(**{f"{kind.model.STATE}__in": kind.gone})
        gone |= Q(resource_type=noun, resource_id__in=rows.values("pk"))
    later = Hold.objects.filter(resource_id=OuterRef("resource_id"), pk__gt=OuterRef("pk"), shared=False)
    held = operation.holds.filter(shared=False).exclude(gone)
    return held.filter(Exists(later)).exists()


def retry_stuck_on(host_id: UUID) -> None:
    """Try once more to undo what is stuck on a host that answers again."""
    for operation in Operation.objects.filter(state=Operation.State.STUCK, host=host_id):
        with suppress(Conflict):
            retry_stuck(operation)
