"""The history of operations, for pages and APIs."""

from datetime import datetime
from uuid import UUID

from django.db.models.functions import Coalesce

from accounts import policy
from accounts.context import Context
from accounts.keyset import Key, Part, part
from compute.engine.models import Operation, Subject
from compute.engine.models.operation import OperationQuerySet


def recent(
    context: Context,
    *,
    row: Subject | None = None,
    before: Key | None = None,
    size: int = 25,
    all_projects: bool = False,
) -> Part[Operation]:
    """Return operations before `before`, newest first, with users.

    With `row`, return those of one row that the asker may see. Raise Forbidden.
    """
    policy.enforce(context, "activity:read")
    rows = Operation.objects.visible_to(context, all_projects=all_projects or row is not None)
    if row is not None:
        rows = rows.on(row.pk)
    return part(rows.select_related("user", "project", "host"), "created_at", before=before, size=size)


def failures(context: Context, *, since: datetime, size: int) -> list[Operation]:
    """Return what failed or got stuck since then, latest first; for administrators in all projects. Raise Forbidden."""
    policy.enforce(context, "activity:read")
    rows = Operation.objects.visible_to(context, all_projects=True).filter(
        state__in=[Operation.State.FAILED, Operation.State.STUCK], finished_at__gte=since
    )
    return list(rows.select_related("user", "project").order_by("-finished_at", "-pk")[:size])


def in_progress(context: Context) -> list[Operation]:
    """Return the open operations of the asker's project, oldest first."""
    rows = Operation.objects.open().visible_to(context)
    # The bare column has an index, in which SQLite would scan all ended operations to avoid the sort.
    return list(rows.order_by(Coalesce("created_at", "due_at"), "pk")[:20])


def ended(context: Context) -> list[Operation]:
    """Return the asker's own operations in the project that ended last, the latest first."""
    rows = Operation.objects.visible_to(context).filter(user=context.user, finished_at__isnull=False)
    return list(rows.order_by("-finished_at")[:6])


def visible_on(context: Context, row_id: UUID) -> OperationQuerySet:
    """Return the operations of a row that the asker may see, newest first. Raise Forbidden."""
    policy.enforce(context, "activity:read")
    return Operation.objects.on(row_id)
