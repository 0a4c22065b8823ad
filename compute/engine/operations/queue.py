"""The queue of operations: adding them, finding due ones, cancelling, and waking by events."""

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

    `also` are further rows that it occupies, `sharing` rows that it only keeps from changing. `hidden` are parameters
    that are sealed and cleared at its end. Without `exclusive` it shares its subject too. `host` and `project_id` are
    the subject's by default.
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
    # Each in a statement of its own, so that ids follow the order.
    _create_hold(operation, subject, shared=not exclusive)
    for row in also:
        _create_hold(operation, row)
    for row in sharing:
        _create_hold(operation, row, shared=True)
    dispatch.send_on_commit(operation.pk, host)
    return operation


def _create_hold(operation: Operation, row: Subject, *, shared: bool = False) -> None:
    noun = kinds.kind_of(row).noun
    Hold.objects.create(operation=operation, resource_type=noun, resource_id=row.pk, shared=shared)


def due() -> OperationQuerySet:
    """Return the operations without a lease that could run now by the database's clock, oldest first."""
    earlier = Hold.objects.open().filter(resource_id=OuterRef("resource_id"), pk__lt=OuterRef("pk"))
    must_wait = Exists(earlier.filter(shared=False)) | (Q(shared=False) & Exists(earlier))
    blocked = Hold.objects.filter(must_wait, operation=OuterRef("pk"))
    rows = Operation.objects.open().filter(unleased(), ~Exists(blocked), due_at__lte=Now())
    return rows.order_by("created_at", "pk")


def unleased() -> Q:
    """Return the condition that no worker has an operation, by the database's clock."""
    return Q(lease_until=None) | Q(lease_until__lt=Now())


def must_wait(operation: Operation) -> bool:
    """Return whether an earlier operation occupies one of its rows. It never must again once it need not."""
    earlier = _conflicts(operation, "pk__lt")
    return bool(earlier) and Hold.objects.open().filter(earlier).exists()


def _conflicts(operation: Operation, side: str) -> Q:
    """Return the condition of holds on its rows, before or after its own, of which one waits for the other."""
    condition = Q()
    for hold in operation.held:
        conflicting = Q(shared=False) if hold.shared else Q()
        condition |= Q(conflicting, resource_id=hold.resource_id, **{side: hold.pk})
    return condition


def cancel(row: Subject) -> None:
    """Request that every open operation that occupies the row is undone. A running one notices between steps."""
    operations = Operation.objects.open().on(row.pk)
    ids_and_hosts = list(operations.values_list("pk", "host"))
    operations.change(cancel_requested=True, due_at=Now())
    for operation_id, host in ids_and_hosts:
        dispatch.send_on_commit(operation_id, host)


def cancel_unless(operation: Operation, steps: Collection[str]) -> bool:
    """Request that one operation is undone, unless it has reached one of `steps`. Return whether it will be.

    Condition and request are one statement. A worker writes which step it begins, then checks for a request, then
    acts. So one of the two always sees the other.
    """
    updated = (
        Operation.objects.filter(
            pk=operation.pk, state__in=(Operation.State.PENDING, Operation.State.RUNNING)
        )
        .exclude(step__in=steps)
        .change(cancel_requested=True, due_at=Now())
    )
    if updated:
        dispatch.send_on_commit(operation.pk, operation.host_id)
        broadcast.operation_changed(operation)
    return bool(updated)


def wake(resource_id: uuid.UUID | str, event: str, host_id: uuid.UUID | None = None) -> None:
    """Wake the open operations that occupy the row, which may wait for the event.

    An event of one host wakes no operation that runs on another.
    """
    operations = Operation.objects.open().on(resource_id)
    if host_id is not None:
        operations = operations.filter(Q(host=host_id) | Q(host=None))
    _wake(operations, event)


def wake_sharing(resource_id: uuid.UUID, event: str) -> None:
    """Wake the open operations that share the row, which may wait for the event."""
    shared = Hold.objects.filter(operation=OuterRef("pk"), resource_id=resource_id, shared=True)
    _wake(Operation.objects.open().filter(Exists(shared)), event)


def _wake(operations: OperationQuerySet, event: str) -> None:
    """Note the event and announce those that wait. One that a worker has is announced when that releases it."""
    if operations.update(woken_by=event, due_at=Now()):
        for operation_id, host in operations.filter(unleased()).values_list("pk", "host"):
            dispatch.send_on_commit(operation_id, host)


def show_progress(
    resource_id: uuid.UUID, host: uuid.UUID, step: str, progress: dict[str, Any] | None
) -> None:
    """Write the progress of shared work to the operations of a host that wait for it at this step."""
    shared = Hold.objects.filter(operation=OuterRef("pk"), resource_id=resource_id, shared=True)
    for operation in Operation.objects.open().filter(Exists(shared), host=host, step=step, lease_until=None):
        Operation.objects.filter(pk=operation.pk, lease_until=None).change(progress=progress)
        broadcast.operation_changed(operation)


def waiting_behind(operation: Operation) -> OperationQuerySet:
    """Return the open operations that wait for one of this operation's rows."""
    later = _conflicts(operation, "pk__gt")
    holds = Hold.objects.filter(later, operation=OuterRef("pk")) if later else Hold.objects.none()
    return Operation.objects.open().filter(Exists(holds))


def is_awaited(operation: Operation, resource_id: uuid.UUID) -> bool:
    """Return whether an operation on this row of the operation's waits, which has set its task already.

    One that only occupies the row, such as the deletion of the instance that has a volume, decides nothing about it.
    """
    place = next((hold.pk for hold in operation.held if hold.resource_id == resource_id), None)
    if place is None:
        return False
    later = Hold.objects.filter(resource_id=resource_id, pk__gt=place)
    return later.filter(operation__subject_id=resource_id, operation__state__in=Operation.OPEN).exists()
