"""Reads the audit log: everything for administrators, their project's for managers.

Pages go by key, not by number: the log grows at its head, and a page far down costs no more than the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts import policy
from accounts.context import Context
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
class Key:
    """The place of an event in the log: after it come older ones."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the log, newest first; `older` is the key of its last event, if there are more after it."""

    events: list[AuditEvent]
    older: Key | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event and the name of its project, which is empty once the project is gone."""

    event: AuditEvent
    project: str


def read(context: Context, filters: Filters, *, after: Key | None = None, size: int = 50) -> Part:
    """Return the events that fit, beginning behind `after`. One query, and one more for names of projects."""
    policy.enforce(context, "audit:read")
    rows = _fitting(filters)
    if not context.is_admin:
        rows = rows.filter(project_id=context.project.id if context.project else None)
    if after is not None:
        rows = rows.filter(at__lte=after.at).exclude(at=after.at, id__gte=after.id)
    events = list(rows[: size + 1])
    last = events[size - 1] if len(events) > size else None
    return Part(events=events[:size], older=Key(at=last.at, id=last.id) if last else None)


def lines(events: list[AuditEvent]) -> list[Line]:
    """Return the events with the names of their projects, in one query."""
    names = dict(
        Project.objects.filter(pk__in={event.project_id for event in events}).values_list("pk", "name")
    )
    return [Line(event=event, project=names.get(event.project_id, "")) for event in events]


def chunks(context: Context, filters: Filters) -> Iterator[list[Line]]:
    """Return all of the log that fits, streamed in chunks of a thousand."""
    key: Key | None = None
    while True:
        part = read(context, filters, after=key, size=CHUNK)
        yield lines(part.events)
        if (key := part.older) is None:
            return


def export(before: datetime) -> Iterator[dict[str, Any]]:
    """Yield every event before this time as its columns, oldest first, in chunks of a constant size."""
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


def _fitting(filters: Filters) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.order_by("-at", "-id")
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
        named = Project.objects.filter(name__icontains=filters.project).values("pk")
        rows = rows.filter(Q(project_id=filters.project) | Q(project_id__in=named))
    if filters.address:
        rows = rows.filter(address__startswith=filters.address)
    if filters.outcome in AuditEvent.Outcome.values:
        rows = rows.filter(outcome=filters.outcome)
    if filters.since is not None:
        rows = rows.filter(at__gte=filters.since)
    if filters.until is not None:
        rows = rows.filter(at__lt=filters.until)
    return rows
