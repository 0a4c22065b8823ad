"""Groups and their members."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.models import Domain, Group, User
from accounts.services import audit, inputs, scoping
from accounts.services.inputs import Data
from accounts.services.saving import save_unique


def visible_to(context: Context) -> QuerySet[Group]:
    """Return the groups that `group:read` reaches, and those of the user."""
    if policy.allows(context, "group:read"):
        return Group.objects.all()
    own = Group.members.through.objects.filter(user=context.user).values("group")
    return Group.objects.filter(Q(pk__in=own) | Q(domain__in=policy.domains(context, "group:read")))


def all_for_admin(context: Context) -> QuerySet[Group]:
    """Return the groups that `group:read` reaches. Raise Forbidden without it."""
    return scoping.rows_within(context, "group:read", Group.objects.all())


@transaction.atomic
def create(context: Context, data: Data) -> Group:
    """Create a group in `domain_id`, else the context's domain. Raise Forbidden, BadInput, Conflict, NotFound."""
    policy.enforce_somewhere(context, "group:write")
    domain_id = inputs.identifier(data, "domain_id") or scoping.default_domain(context, "group:write")
    group = Group(
        domain=scoping.get_within(context, "group:write", Domain.objects.all(), domain_id, "domain"),
        name=inputs.name(data, longest=64),
        description=inputs.text(data, "description"),
    )
    _store(group)
    audit.record(context, "group.create", group)
    return group


@transaction.atomic
def update(context: Context, group_id: str, data: Data) -> Group:
    group = scoping.get_within(context, "group:write", Group.objects.all(), group_id, "group")
    group.name = inputs.name(data, group.name, longest=64)
    group.description = inputs.text(data, "description", group.description)
    _store(group)
    audit.record(context, "group.update", group)
    return group


@transaction.atomic
def delete(context: Context, group_id: str) -> None:
    group = scoping.get_within(context, "group:write", Group.objects.all(), group_id, "group")
    audit.record(context, "group.delete", group)
    group.delete()


def members_for_admin(context: Context, group_id: str) -> QuerySet[User]:
    return scoping.get_within(context, "group:read", Group.objects.all(), group_id, "group").members.all()


def has_member(context: Context, group_id: str, user_id: str) -> bool:
    """Return whether the user is in the group. Raise NotFound, and Forbidden for others without `group:read`."""
    if user_id == context.user.id:
        group = inputs.get_or_404(Group.objects.all(), group_id, "group")
    else:
        group = scoping.get_within(context, "group:read", Group.objects.all(), group_id, "group")
    return group.members.filter(pk=user_id).exists()


@transaction.atomic
def add_member(context: Context, group_id: str, user_id: str) -> None:
    _change_members(context, "group.add", group_id, user_id)


@transaction.atomic
def remove_member(context: Context, group_id: str, user_id: str) -> None:
    """Remove a user from a group. Raise Forbidden, NotFound, also if the user is not in the group."""
    if not has_member(context, group_id, user_id):
        scoping.get_within(context, "group:write", Group.objects.all(), group_id, "group")
        inputs.raise_not_found("user", user_id)
    _change_members(context, "group.remove", group_id, user_id)


def _change_members(context: Context, action: str, group_id: str, user_id: str) -> None:
    group = scoping.get_within(context, "group:write", Group.objects.all(), group_id, "group")
    if action == "group.add":
        user = scoping.get_within(context, "user:read", User.objects.all(), user_id, "user")
        group.members.add(user)
    else:
        user = inputs.get_or_404(User.objects.all(), user_id, "user")
        group.members.remove(user)
    audit.record(context, action, group, user=user.id, user_name=user.name)


def _store(group: Group) -> None:
    save_unique(group, _("There is a group %(name)s in this domain already.") % {"name": group.name})
