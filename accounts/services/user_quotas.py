"""Limits of single users within a project's (Nova's quota sets with `user_id`).

Nova's rules: the limits of a project's users together stay within the project's, and without force nobody gets less
than they use.
"""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput
from accounts.models import Project, Quota, User, UserQuota
from accounts.services import announcements, audit, inputs, quotas


@transaction.atomic
def update(
    context: Context, project_id: str, user_id: str, changes: Mapping[str, object], *, force: bool = False
) -> None:
    """Set limits of a user in a project. Raise Forbidden, NotFound, or BadInput naming each wrong field."""
    policy.enforce(context, "quota:write")
    project, user = _lock(project_id, user_id)
    values = quotas.parse_limits(changes)
    if not force:
        enforce_bounds(project_id, values, user_id)
    for name, value in values.items():
        UserQuota.objects.update_or_create(
            project=project, user=user, resource=name, defaults={"limit": value}
        )
    detail: dict[str, Any] = dict(values)
    audit.record(context, "quota.update_user", user, project_id=project.pk, **detail)
    announcements.changed(project.pk, "quota")


@transaction.atomic
def set_limits(context: Context, project_id: str, user_id: str, limits: Mapping[str, str]) -> None:
    """Set the limits, and delete those whose text is empty. Raise as `update`."""
    policy.enforce(context, "quota:write")
    project, user = _lock(project_id, user_id)
    empty = [name for name, text in limits.items() if not text.strip()]
    UserQuota.objects.filter(project=project, user=user, resource__in=empty).delete()
    update(context, project_id, user_id, {name: limits[name] for name in limits if name not in empty})


def limits(context: Context, project_id: str, user_id: str) -> dict[str, int]:
    """Return {resource: limit} of a user's own limits in a project. Raise Forbidden."""
    policy.enforce(context, "quota:write")
    rows = UserQuota.objects.filter(project=project_id, user=user_id)
    return dict(rows.values_list("resource", "limit"))


@transaction.atomic
def reset(context: Context, project_id: str, user_id: str) -> None:
    """Delete all limits of a user in a project, so that only the project's apply. Raise Forbidden, NotFound."""
    policy.enforce(context, "quota:write")
    project, user = _lock(project_id, user_id)
    UserQuota.objects.filter(project=project, user=user).delete()
    audit.record(context, "quota.reset_user", user, project_id=project.pk)
    announcements.changed(project.pk, "quota")


@transaction.atomic
def reset_all(context: Context, project_id: str, names: Iterable[str]) -> None:
    """Delete these limits of a project and its users, so that the defaults apply. Raise Forbidden, NotFound."""
    policy.enforce(context, "quota:write")
    project = inputs.get_or_404(Project.objects.all(), project_id, "project")
    UserQuota.objects.filter(project=project, resource__in=names).delete()
    rows = Quota.objects.filter(project=project, resource__in=names)
    for name in list(rows.values_list("resource", flat=True)):
        quotas.reset(context, project_id, name)


def enforce_bounds(project_id: str, changes: Mapping[str, int], user_id: str | None = None) -> None:
    """Raise BadInput naming each limit that is below its usage, or above what the project has left."""
    allotted = _allotted(project_id)
    if user_id is None:
        used = {row.resource.name: row.used for row in quotas.usage([project_id])[project_id]}
        least = {name: max(used.get(name, 0), allotted.get(name, 0)) for name in changes}
        most: dict[str, float] = dict.fromkeys(changes, inf)
    else:
        least = {row.resource.name: row.used for row in quotas.user_usage(project_id, user_id)}
        rows = UserQuota.objects.filter(project=project_id, user=user_id)
        present = dict(rows.values_list("resource", "limit"))
        limit = quotas.limits([project_id])[project_id]
        most = {
            name: _number(limit[name]) - allotted.get(name, 0) + max(present.get(name, 0), 0)
            for name in changes
        }
    wrong = {}
    for name, value in changes.items():
        if _number(value) < least.get(name, 0):
            wrong[name] = _(
                "Quota limit %(limit)s for %(resource)s must be greater than or equal to already used and "
                "reserved %(least)s."
            ) % {"limit": value, "resource": name, "least": least[name]}
        elif _number(value) > most[name]:
            wrong[name] = _(
                "Quota limit %(limit)s for %(resource)s must be less than or equal to %(most)s."
            ) % {"limit": value, "resource": name, "most": most[name]}
    if wrong:
        raise BadInput(fields=wrong)


def _allotted(project_id: str) -> dict[str, int]:
    """Return {resource: sum of the limits of the project's users}."""
    rows = UserQuota.objects.filter(project=project_id, limit__gte=0).order_by()
    return {row["resource"]: row["sum"] for row in rows.values("resource").annotate(sum=Sum("limit"))}


def _number(limit: int) -> float:
    return inf if limit == Quota.UNLIMITED else limit


def _lock(project_id: str, user_id: str) -> tuple[Project, User]:
    project = inputs.get_or_404(Project.objects.select_for_update(no_key=True), project_id, "project")
    return project, inputs.get_or_404(User.objects.all(), user_id, "user")
