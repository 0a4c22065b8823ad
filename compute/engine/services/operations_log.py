"""The history of operations, for pages and APIs."""

from uuid import UUID

from django.core.paginator import Page, Paginator

from accounts import policy
from accounts.context import Context
from compute.engine.models import Operation, Subject


def recent(
    context: Context,
    *,
    row: Subject | None = None,
    number: int = 1,
    size: int = 25,
    all_projects: bool = False,
) -> "Page[Operation]":
    """Return one page of operations, newest first, with users; of one row if given, which the asker has found."""
    policy.enforce(context, "activity:read")
    rows = Operation.objects.visible_to(context, all_projects=all_projects or row is not None)
    if row is not None:
        rows = rows.on(row.pk)
    return Paginator(rows.select_related("user", "project", "host"), size).get_page(number)


def in_progress(context: Context) -> list[Operation]:
    """Return what is being done in the asker's project now, oldest first."""
    rows = Operation.objects.open().visible_to(context)
    return list(rows.order_by("created_at", "pk")[:20])


def of_row(context: Context, row_id: UUID) -> list[Operation]:
    """Return all operations of a row that the asker has found, newest first."""
    policy.enforce(context, "activity:read")
    return list(Operation.objects.on(row_id).select_related("host"))
