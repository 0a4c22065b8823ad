"""Stuck operations: undoing them once more, and closing those whose row is deleted."""

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
    """Request that a stuck operation is undone once more. Raise Conflict if it is not stuck.

    Raise Conflict too if later operations have used its rows, since undoing would undo their work with it.
    """
    lock_rows(operation)
    if _has_later(operation):
        raise Conflict(
            _(
                "Something else was done to %(name)s since, which undoing would break. Delete it for good instead."
            )
            % {"name": operation.subject_name}
        )
    updated = Operation.objects.filter(pk=operation.pk, state=State.STUCK).change(
        state=State.UNDOING,
        attempt=0,
        due_at=timezone.now(),
        lease_until=None,
        finished_at=None,
        leftovers=None,
    )
    if not updated:
        raise Conflict(_("It is not stuck."))
    dispatch.send_on_commit(operation.pk, operation.host_id)
    broadcast.operation_changed(operation)


def settle_stuck(row: Subject) -> None:
    """End a deleted row's stuck operations as failed, since their leftovers are deleted too."""
    for operation in Operation.objects.filter(subject_id=row.pk, state=State.STUCK):
        Operation.objects.filter(pk=operation.pk, state=State.STUCK).change(
            state=State.FAILED, leftovers=None
        )
        broadcast.operation_changed(operation)


def _has_later(operation: Operation) -> bool:
    """Return whether another operation has used one of its rows since. Deleted rows do not count."""
    on_deleted_row = Q()
    for noun, kind in kinds.registered().items():
        rows = kind.model._default_manager.filter(**{f"{kind.model.STATE}__in": kind.deleted_states})
        on_deleted_row |= Q(resource_type=noun, resource_id__in=rows.values("pk"))
    later = Hold.objects.filter(resource_id=OuterRef("resource_id"), pk__gt=OuterRef("pk"), shared=False)
    holds = operation.holds.filter(shared=False).exclude(on_deleted_row)
    return holds.filter(Exists(later)).exists()


def retry_stuck_on(host_id: UUID) -> None:
    """Request that the stuck operations of a host that answers again are undone once more."""
    for operation in Operation.objects.filter(state=Operation.State.STUCK, host=host_id):
        with suppress(Conflict):
            retry_stuck(operation)
