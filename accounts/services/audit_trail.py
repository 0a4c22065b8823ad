"""The latest events of the audit log about one project or one user."""

from django.db.models import Q

from accounts.context import Context
from accounts.models import AuditEvent, Project, User
from accounts.services import scoping

LATEST = 10


def project_events(context: Context, project: Project) -> list[AuditEvent]:
    """Return the latest events of the project, newest first. One query."""
    scoping.enforce(context, "project:read", project.domain_id)
    return list(AuditEvent.objects.filter(project_id=project.id)[:LATEST])


def user_events(context: Context, user: User) -> list[AuditEvent]:
    """Return the latest events by or about the user, newest first. One query."""
    scoping.enforce(context, "user:read", user.domain_id)
    about = Q(target_type="user", target_id=user.id)
    return list(AuditEvent.objects.filter(Q(user_id=user.id) | about)[:LATEST])
