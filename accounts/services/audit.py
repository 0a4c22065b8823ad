"""Write the audit log."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from accounts.context import Context
from accounts.models import AuditEvent, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target of an event that no row stands for: several rows, an unknown name."""

    type: str
    id: str = ""
    name: str = ""
    project_id: str | None = None


def record(
    context: Context | None,
    action: str,
    target: Model | Target,
    /,
    *,
    outcome: str = AuditEvent.Outcome.SUCCEEDED,
    project_id: str | None = None,
    address: str | None = None,
    **detail: Any,
) -> AuditEvent:
    """Record one event. Call it inside the transaction of the change, and before the target is deleted.

    Its project is `project_id`, else the target's, else the context's. Without a context the change is Meridian's
    own: a guest that died, a sweep. `address` is then the client's, if there is one.
    """
    if isinstance(target, Model):
        target = _target(target)
    if project_id is None:
        project_id = target.project_id
    if project_id is None:
        project_id = context.project.id if context and context.project else ""
    return AuditEvent.objects.create(
        user_id=context.user.id if context else "",
        user_name=context.user.name if context else "",
        project_id=project_id,
        action=action,
        target_type=target.type,
        target_id=target.id,
        target_name=target.name,
        outcome=outcome,
        detail=detail,
        address=context.address if context else address,
        request_id=context.request_id if context else "",
    )


def _target(row: Model) -> Target:
    """Return the target of a row: of type `server_group` for a ServerGroup, by its `audit_name`, name, or text."""
    return Target(
        type=str(row._meta.verbose_name_raw).replace(" ", "_"),
        id=str(row.pk),
        name=str(getattr(row, "audit_name", "") or getattr(row, "name", "") or row),
        project_id=row.pk if isinstance(row, Project) else getattr(row, "project_id", None),
    )
