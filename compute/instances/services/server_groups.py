"""Server groups of projects."""

from collections import defaultdict
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Forbidden, NotFound
from accounts.models import Project, User
from accounts.models.one_of import OneOf
from accounts.names import clean_name
from accounts.services import announcements, audit, quotas
from compute.engine.models.scoped import ScopedQuerySet
from compute.instances.models import Instance, ServerGroup
from compute.instances.models.server_group import Policy

GROUPS = "server_groups"
MEMBERS = "server_group_members"
CAPS = {GROUPS: 10, MEMBERS: 10}
"""Nova's names and default limits of a project's groups, and of a group's members."""

LARGEST = 2**31 - 1


def visible_to(context: Context, *, all_projects: bool = False) -> ScopedQuerySet[ServerGroup]:
    """Return the groups of the asker's project with their members, oldest first. Raise Forbidden.

    `all_projects` has an effect for administrators only.
    """
    policy.enforce(context, "server_group:read")
    rows = ServerGroup.objects.visible_to(context, all_projects=all_projects)
    return rows.select_related("project").reading(_read_members)


def _read_members(groups: list[ServerGroup]) -> None:
    """Set the members of each, which lie outside the recycle bin. Costs one query."""
    of_group = defaultdict(list)
    rows = _present().filter(OneOf("server_group_id", [group.pk for group in groups]))
    for row in rows.only("name", "server_group").order_by("created_at", "pk"):
        of_group[row.server_group_id].append(row)
    for group in groups:
        group.__dict__["_members"] = of_group[group.pk]


def get(context: Context, group_id: object) -> ServerGroup:
    """Return one group with its members, for administrators of any project. Raise Forbidden, NotFound."""
    try:
        return visible_to(context, all_projects=True).get(pk=UUID(str(group_id)))
    except (ServerGroup.DoesNotExist, ValueError) as error:
        raise NotFound(
            _("Instance group %(key)s could not be found.") % {"key": str(group_id)[:64]}
        ) from error


@transaction.atomic
def create(context: Context, name: object, rule: object, most_per_host: object = None) -> ServerGroup:
    """Make a group in the asker's project. Raise Forbidden, OverQuota, BadInput naming each wrong field."""
    policy.enforce(context, "server_group:write")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    name, wrong = clean_name(name), {}
    if rule not in Policy.values:
        wrong["policy"] = _("Say one of %(policies)s.") % {"policies": ", ".join(Policy.values)}
    has_limit = most_per_host is not None and most_per_host != ""
    limit = quotas.whole_number(most_per_host) if has_limit else None
    if has_limit:
        if rule != Policy.ANTI_AFFINITY:
            wrong["max_server_per_host"] = _("Only anti-affinity policy supports rules.")
        elif limit is None or not 1 <= limit <= LARGEST:
            wrong["max_server_per_host"] = _("Give a whole number from 1.")
    if wrong:
        raise BadInput(fields=wrong)
    project = Project.objects.select_for_update(no_key=True).get(pk=context.project.pk)
    _enforce_quota(project, context.user)
    group = ServerGroup.objects.create(
        project=project, user=context.user, name=name, policy=str(rule), most_per_host=limit
    )
    audit.record(context, "server_group.create", group, policy=group.policy)
    announcements.changed(group.project_id, "server-groups")
    return group


@transaction.atomic
def delete(context: Context, group_id: object) -> ServerGroup:
    """Delete the group. Its instances stay on their hosts. Raise Forbidden, NotFound."""
    policy.enforce(context, "server_group:write")
    group = get(context, group_id)
    audit.record(context, "server_group.delete", group, policy=group.policy)
    announcements.changed(group.project_id, "server-groups")
    ServerGroup.objects.filter(pk=group.pk).delete()
    return group


def join(context: Context, group_id: object, count: int) -> ServerGroup | None:
    """Return the project's group for `count` new instances; None if `group_id` is empty.

    The caller must hold the project's lock. Raise Forbidden, NotFound, OverQuota.
    """
    if group_id is None or group_id == "":
        return None
    group = get(context, group_id)
    if context.project is None or group.project_id != context.project.pk:
        raise NotFound(_("Instance group %(key)s could not be found.") % {"key": str(group_id)[:64]})
    enforce_members(group, context.user, count)
    return group


def enforce_members(group: ServerGroup, user: User, count: int) -> None:
    """Raise OverQuota if the group cannot take `count` more of the user's instances.

    The caller must hold the project's lock.
    """
    limit = quotas.user_limits(group.project_id, user.pk)[MEMBERS]
    total = _present().filter(server_group=group).count() + count
    quotas.enforce_cap(MEMBERS, limit, total, _("Quota exceeded, too many servers in group"))


def used(project_id: str, user_id: str | None = None) -> int:
    """Return the number of groups of a project, or of one user in it."""
    rows = ServerGroup.objects.filter(project=project_id)
    return rows.filter(user=user_id).count() if user_id else rows.count()


def _enforce_quota(project: Project, user: User) -> None:
    sentence = _("Quota exceeded, too many server groups.")
    limit = quotas.limits([project.pk])[project.pk][GROUPS]
    quotas.enforce_cap(GROUPS, limit, used(project.pk) + 1, sentence)
    quotas.enforce_cap(
        GROUPS, quotas.user_limits(project.pk, user.pk)[GROUPS], used(project.pk, user.pk) + 1, sentence
    )


def _present() -> QuerySet[Instance]:
    return Instance.objects.present()
