"""Audit events of administrators who read other projects' instances."""

from datetime import timedelta

from django.utils import timezone

from accounts.context import Context
from accounts.models import AuditEvent
from accounts.services import audit
from compute.instances.models import Instance

ONCE_IN = timedelta(minutes=15)
"""Time within which several reads are recorded once, as when somebody reloads."""


def record_instance(context: Context, instance: Instance) -> None:
    """Record that the asker reads an instance, unless it is of their current project."""
    if context.project is not None and instance.project_id == context.project.id:
        return
    if _is_recorded(context, "instance.read", str(instance.pk)):
        return
    audit.record(context, "instance.read", instance)


def record_list(context: Context, search: str) -> None:
    """Record that the asker lists the instances of all projects, with their search."""
    if not _is_recorded(context, "instance.read_all", ""):
        target = audit.Target(type="instance")
        audit.record(
            context, "instance.read_all", target, project_id="", **({"search": search} if search else {})
        )


def _is_recorded(context: Context, action: str, target_id: str) -> bool:
    recent = AuditEvent.objects.filter(at__gt=timezone.now() - ONCE_IN, user_id=context.user.id)
    return recent.filter(action=action, target_id=target_id).exists()
