"""Audit events of administrators who read other projects' rows."""

from datetime import timedelta

from django.utils import timezone

from accounts.context import Context
from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine import kinds
from compute.engine.models import Subject

ONCE_IN = timedelta(minutes=15)
"""Time within which several reads are recorded once, as when somebody reloads."""


def record_row(context: Context, row: Subject) -> None:
    """Record that the asker reads a row, unless it is of their current project."""
    if context.project is not None and row.project_id == context.project.id:
        return
    action = f"{kinds.kind_of(row).noun}.read"
    if not _is_recorded(context, action, str(row.pk)):
        audit.record(context, action, row)


def record_list(context: Context, noun: str, search: str) -> None:
    """Record that the asker lists the rows of a noun in all projects, with their search."""
    action = f"{noun}.read_all"
    if not _is_recorded(context, action, ""):
        target = audit.Target(type=noun)
        audit.record(context, action, target, project_id="", **({"search": search} if search else {}))


def _is_recorded(context: Context, action: str, target_id: str) -> bool:
    recent = AuditEvent.objects.filter(at__gt=timezone.now() - ONCE_IN, user_id=context.user.id)
    return recent.filter(action=action, target_id=target_id).exists()
