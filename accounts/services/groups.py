"""Groups and their members."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.models import Domain, Group, User
from accounts.services import audit, inputs
from accounts.services.inputs import Data
from accounts.services.saving import save_unique


def visible_to(context: Context) -> QuerySet[Group]:
    """Return all groups if `group:read` is allowed, else those of the user."""
    if policy.allows(context, "group:read"):
        return Group.objects.all()
    return Group.objects.filter(members=context.user)


def all_for_admin(context: Context) -> QuerySet[Group]:
    """Return all groups. Raise Forbidden without `group:read`."""
    policy.enforce(context, "group:read")
    return Group.objects.all()


@transaction.atomic
def create(context: Context, data: Data) -> Group:
    """Create a group in `domain_id`, else the context's domain. Raise Forbidden, BadInput, Conflict, NotFound."""
    policy.enforce(context, "group:write")
    fallback = context.domain.id if context.domain else context.user.domain_id
    domain_id = inputs.identifier(data, "domain_id") or fallback
    group = Group(
        domain=inputs.get_or_404(Domain.objects.all(), domain_id, "domain"),
        name=inputs.name(data, longest=64),
        description=inputs.text(data, "description"),
    )
    _store(group)
    audit.record(context, "group.create", group)
    return group


@transaction.atomic
def update(context: Context, group_id: str, data: Data) -> Group:
    policy.enforce(context, "group:write")
    group = inputs.get_or_404(Group.objects.all(), group_id, "group")
    group.name = inputs.name(data, group.name, longest=64)
    group.description = inputs.text(data, "description", group.description)
    _store(group)
    audit.record(context, "group.update", group)
    return group


@transaction.atomic
def delete(context: Context, group_id: str) -> None:
    policy.enforce(context, "group:write")
    group = inputs.get_or_404(Group.objects.all(), group_id, "group")
    audit.record(context, "group.delete", group)
    group.delete()


def members_for_admin(context: Context, group_id: str) -> QuerySet[User]:
    policy.enforce(context, "group:read")
    return inputs.get_or_404(Group.objects.all(), group_id, "group").members.all()


def has_member(context: Context, group_id: str, user_id: str) -> bool:
    """Return whether the user is in the group. Raise NotFound, and Forbidden for others without `group:read`."""
    policy.enforce_own(context, user_id, "group:read")
    return inputs.get_or_404(Group.objects.all(), group_id, "group").members.filter(pk=user_id).exists()


@transaction.atomic
def add_member(context: Context, group_id: str, user_id: str) -> None:
    _change_members(context, "group.add", group_id, user_id)


@transaction.atomic
def remove_member(context: Context, group_id: str, user_id: str) -> None:
    """Remove a user from a group. Raise Forbidden, NotFound, also if the user is not in the group."""
    if not has_member(context, group_id, user_id):
        policy.enforce(context, "group:write")
        inputs.raise_not_found("user", user_id)
    _change_members(context, "group.remove", group_id, user_id)


def _change_members(context: Context, action: str, group_id: str, user_id: str) -> None:
    policy.enforce(context, "group:write")
    group = inputs.get_or_404(Group.objects.all(), group_id, "group")
    user = inputs.get_or_404(User.objects.all(), user_id, "user")
    if action == "group.add":
        group.members.add(user)
    else:
        group.members.remove(user)
    audit.record(context, action, group, user=user.id, user_name=user.name)


def _store(group: Group) -> None:
    save_unique(group, _("There is a group %(name)s in this domain already.") % {"name": group.name})
