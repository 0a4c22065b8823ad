"""Puts operations in line, finds those that are due, and wakes those that wait for an event."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.context import Context
from compute.engine import kinds
from compute.engine.models import Hold, Operation, Subject
from compute.engine.models.operation import OperationQuerySet
from compute.engine.services import broadcast, dispatch, secrets


def enqueue(
    context: Context,
    kind: str,
    subject: Subject,
    *,
    parameters: dict[str, Any],
    hidden: dict[str, str] | None = None,
    idempotency_key: str | None = None,
    exclusive: bool = True,
    host: uuid.UUID | None = None,
    project_id: str | None = None,
    also: Iterable[Subject] = (),
    sharing: Iterable[Subject] = (),
) -> Operation:
    """Add an operation behind those that hold its rows. Call it in the transaction that locked them.

    `also` are further rows that it occupies, `sharing` those that must only stay as they are. `hidden` are
    parameters that are sealed, and forgotten at its end. One that is not `exclusive` shares its subject too. `host`
    and `project_id` are the subject's unless others are given.
    """
    host = host or kinds.kind_of(subject).host(subject)
    operation = Operation.objects.create(
        kind=kind,
        subject_type=kinds.kind_of(subject).noun,
        subject_id=subject.pk,
        subject_name=str(subject.name),
        host_id=host,
        project_id=project_id or subject.project_id,
        user=context.user if context.user.pk else None,
        parameters=parameters,
        secrets=secrets.seal(hidden or {}),
        idempotency_key=idempotency_key,
        request_id=context.request_id,
        due_at=Now(),
    )
    # Each in a statement of its own: ids say which came first.
    _hold(operation, subject, shared=not exclusive)
    for row in also:
        _hold(operation, row)
    for row in sharing:
        _hold(operation, row, shared=True)
    dispatch.send_on_commit(operation.pk, host)
    return operation


def _hold(operation: Operation, row: Subject, *, shared: bool = False) -> None:
    noun = kinds.kind_of(row).noun
    Hold.objects.create(operation=operation, resource_type=noun, resource_id=row.pk, shared=shared)


def due() -> OperationQuerySet:
    """Return operations, oldest first, that nobody works on although they could go on now, by the database's clock."""
    earlier = Hold.objects.open().filter(resource_id=OuterRef("resource_id"), pk__lt=OuterRef("pk"))
    waits = Exists(earlier.filter(shared=False)) | (Q(shared=False) & Exists(earlier))
    blocked = Hold.objects.filter(waits, operation=OuterRef("pk"))
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    rows = Operation.objects.open().filter(free, ~Exists(blocked), due_at__lte=Now())
    return rows.order_by("created_at", "pk")


def cancel(row: Subject) -> None:
    """Ask every open operation that occupies the row to undo itself; a running one notices between steps."""
    waiting = Operation.objects.open().on(row.pk)
    found = list(waiting.values_list("pk", "host"))
    waiting.change(cancel_requested=True, due_at=Now())
    for operation_id, host in found:
        dispatch.send_on_commit(operation_id, host)


def cancel_unless(operation: Operation, steps: Collection[str]) -> bool:
    """Ask one operation to undo itself, unless it has come to one of `steps`; return whether it will.

    The condition stands in the same statement as the request: a worker says which step it begins and looks for
    a request before it acts, so that one of the two always sees the other.
    """
    asked = (
        Operation.objects.filter(
            pk=operation.pk, state__in=(Operation.State.PENDING, Operation.State.RUNNING)
        )
        .exclude(step__in=steps)
        .change(cancel_requested=True, due_at=Now())
    )
    if asked:
        dispatch.send_on_commit(operation.pk, operation.host_id)
        broadcast.operation_changed(operation)
    return bool(asked)


def wake(resource_id: uuid.UUID | str, event: str, host_id: uuid.UUID | None = None) -> None:
    """Tell the open operations that occupy the row of an event, so that one that waits for it goes on at once.

    An event seen on one host is told to no operation that is at work on another.
    """
    waiting = Operation.objects.open().on(resource_id)
    if host_id is not None:
        waiting = waiting.filter(Q(host=host_id) | Q(host=None))
    _wake(waiting, event)


def wake_sharing(resource_id: uuid.UUID, event: str) -> None:
    """Tell the open operations that share the row of an event."""
    shared = Hold.objects.filter(operation=OuterRef("pk"), resource_id=resource_id, shared=True)
    _wake(Operation.objects.open().filter(Exists(shared)), event)


def _wake(waiting: OperationQuerySet, event: str) -> None:
    if waiting.update(woken_by=event, due_at=Now()):
        for operation_id, host in waiting.values_list("pk", "host"):
            dispatch.send_on_commit(operation_id, host)


def show_progress(
    resource_id: uuid.UUID, host: uuid.UUID, step: str, progress: dict[str, Any] | None
) -> None:
    """Show how far the work is that operations of a host wait for at a step, while they share the row."""
    shared = Hold.objects.filter(operation=OuterRef("pk"), resource_id=resource_id, shared=True)
    for operation in Operation.objects.open().filter(Exists(shared), host=host, step=step, lease_until=None):
        Operation.objects.filter(pk=operation.pk, lease_until=None).change(progress=progress)
        broadcast.operation_changed(operation)


def waiting_behind(operation: Operation) -> OperationQuerySet:
    """Return the open operations that wait for one of this operation's rows."""
    mine = Hold.objects.filter(
        operation=operation, resource_id=OuterRef("resource_id"), pk__lt=OuterRef("pk")
    )
    later = Hold.objects.filter(Exists(mine), operation=OuterRef("pk"))
    return Operation.objects.open().exclude(pk=operation.pk).filter(Exists(later))


def is_awaited(operation: Operation, resource_id: uuid.UUID) -> bool:
    """Return whether another operation waits to occupy this row."""
    return waiting_behind(operation).on(resource_id).exists()
