"""Read the audit log: all events for administrators, those of their project for managers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts import policy
from accounts.context import Context
from accounts.keyset import Key, Part, part
from accounts.models import AuditEvent, Project
from accounts.names import is_text

CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Filters of the log; an empty one matches everything. `until` is exclusive.

    `who`, `target` and `project` are ids or part of a name, `action` part of a verb, `address` how it begins.
    """

    who: str = ""
    action: str = ""
    target: str = ""
    project: str = ""
    address: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event and the name of its project, which is empty once the project is gone."""

    event: AuditEvent
    project: str


def read(
    context: Context, filters: Filters, *, before: Key | None = None, size: int = 50
) -> Part[AuditEvent]:
    """Return matching events, newest first, after the key `before`. Raise Forbidden."""
    policy.enforce(context, "audit:read")
    rows = _matching(filters)
    if not context.is_admin:
        rows = rows.filter(project_id=context.project.id if context.project else None)
    return part(rows, "at", before=before, size=size)


def lines(events: list[AuditEvent]) -> list[Line]:
    """Return the events with the names of their projects, in one query."""
    names = dict(
        Project.objects.filter(pk__in={event.project_id for event in events}).values_list("pk", "name")
    )
    return [Line(event=event, project=names.get(event.project_id, "")) for event in events]


def chunks(context: Context, filters: Filters) -> Iterator[list[Line]]:
    """Yield matching lines in chunks of a thousand, in constant memory."""
    key: Key | None = None
    while True:
        chunk = read(context, filters, before=key, size=CHUNK)
        yield lines(chunk.rows)
        if (key := chunk.older) is None:
            return


def export(before: datetime) -> Iterator[dict[str, Any]]:
    """Yield every event before this time as {column: value}, oldest first, in constant memory."""
    fields = [field.name for field in AuditEvent._meta.concrete_fields]
    last = 0
    while True:
        rows = AuditEvent.objects.filter(at__lt=before, pk__gt=last).order_by("pk").values(*fields)
        chunk = list(rows[:CHUNK])
        for row in chunk:
            yield row | {"at": row["at"].isoformat()}
        if len(chunk) < CHUNK:
            return
        last = chunk[-1]["id"]


def _matching(filters: Filters) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.all()
    texts = (filters.who, filters.action, filters.target, filters.project, filters.address)
    if not all(text == "" or is_text(text) for text in texts):
        return rows.none()
    if filters.who:
        rows = rows.filter(Q(user_name__icontains=filters.who) | Q(user_id=filters.who))
    if filters.action:
        rows = rows.filter(action__icontains=filters.action)
    if filters.target:
        rows = rows.filter(Q(target_name__icontains=filters.target) | Q(target_id=filters.target))
    if filters.project:
        projects = Project.objects.filter(name__icontains=filters.project).values("pk")
        rows = rows.filter(Q(project_id=filters.project) | Q(project_id__in=projects))
    if filters.address:
        rows = rows.filter(address__startswith=filters.address)
    if filters.outcome in AuditEvent.Outcome.values:
        rows = rows.filter(outcome=filters.outcome)
    if filters.since is not None:
        rows = rows.filter(at__gte=filters.since)
    if filters.until is not None:
        rows = rows.filter(at__lt=filters.until)
    return rows
