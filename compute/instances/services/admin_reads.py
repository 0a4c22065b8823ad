"""Administrators may look into every project; that they did is written into that project's audit log."""

from datetime import timedelta

from django.utils import timezone

from accounts.context import Context
from accounts.models import AuditEvent
from accounts.services import audit
from compute.instances.models import Instance

ONCE_IN = timedelta(minutes=15)
"""Going from tab to tab and reloading are one visit."""


def record_instance(context: Context, instance: Instance) -> None:
    """Note that the asker looks at an instance of a project that is not the one they work in."""
    if context.project is not None and instance.project_id == context.project.id:
        return
    if _is_noted(context, "instance.read", str(instance.pk)):
        return
    audit.record(context, "instance.read", instance)


def record_list(context: Context, search: str) -> None:
    """Note that the asker lists the instances of all projects, and what they looked for."""
    if not _is_noted(context, "instance.read_all", ""):
        target = audit.Target(type="instance")
        audit.record(
            context, "instance.read_all", target, project_id="", **({"search": search} if search else {})
        )


def _is_noted(context: Context, action: str, target_id: str) -> bool:
    recent = AuditEvent.objects.filter(at__gt=timezone.now() - ONCE_IN, user_id=context.user.id)
    return recent.filter(action=action, target_id=target_id).exists()
