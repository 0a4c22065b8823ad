"""Puts operations in line, finds those that are due, and wakes those that wait for an event."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.context import Context
from compute.engine.models import Operation
from compute.engine.models.operation import OperationQuerySet
from compute.engine.services import broadcast, dispatch
from compute.instances.models import Instance


def enqueue(
    context: Context | None,
    kind: str,
    instance: Instance,
    *,
    parameters: dict[str, Any],
    idempotency_key: str | None = None,
) -> Operation:
    """Add an operation behind the instance's others. Call it in the transaction that locked the instance."""
    last = instance.operations.order_by("-sequence").values_list("sequence", flat=True).first()
    operation = Operation.objects.create(
        sequence=(last or 0) + 1,
        kind=kind,
        project_id=instance.project_id,
        user=context.user if context else None,
        instance=instance,
        parameters=parameters,
        idempotency_key=idempotency_key,
        request_id=context.request_id if context else "",
        due_at=Now(),
    )
    dispatch.hint(operation.pk)
    return operation


def due() -> OperationQuerySet:
    """Operations that nobody works on although they could go on now, by the database's clock."""
    earlier = Operation.objects.open().filter(
        instance=OuterRef("instance"), sequence__lt=OuterRef("sequence")
    )
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return Operation.objects.open().filter(free, ~Exists(earlier), due_at__lte=Now())


def cancel(instance: Instance) -> None:
    """Ask every open operation of the instance to undo itself; a running one notices between steps."""
    waiting = Operation.objects.open().filter(instance=instance)
    ids = list(waiting.values_list("pk", flat=True))
    waiting.update(cancel_requested=True, due_at=Now())
    for operation_id in ids:
        dispatch.hint(operation_id)


def cancel_unless(operation: Operation, steps: Collection[str]) -> bool:
    """Ask one operation to undo itself, unless it has come to one of `steps`; whether it will.

    The condition stands in the same statement as the request: a worker says which step it begins and looks for
    a request before it acts, so that one of the two always sees the other.
    """
    asked = (
        Operation.objects.filter(
            pk=operation.pk, state__in=(Operation.State.PENDING, Operation.State.RUNNING)
        )
        .exclude(step__in=steps)
        .update(cancel_requested=True, due_at=Now())
    )
    if asked:
        dispatch.hint(operation.pk)
        broadcast.operation_changed(operation)
    return bool(asked)


def wake(instance_id: uuid.UUID | str, event: str) -> None:
    """Tell the instance's open operation of an event, so that one that waits for it goes on at once."""
    open_ones = Operation.objects.open().filter(instance_id=instance_id)
    if open_ones.update(woken_by=event, due_at=Now()):
        for operation_id in open_ones.values_list("pk", flat=True):
            dispatch.hint(operation_id)


def show_progress(operation: Operation, done: int, total: int) -> None:
    """Say how far the work is that a waiting operation waits for."""
    waiting = Operation.objects.open().filter(pk=operation.pk)
    waiting.update(progress={"done": done, "total": total, "unit": "bytes"})
    broadcast.operation_changed(operation)


def announce(operations: Iterable[Operation]) -> None:
    """Let open pages show how far operations are."""
    for operation in operations:
        broadcast.operation_changed(operation)
