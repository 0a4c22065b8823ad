"""What a context reaches of domains, projects, users and groups: all, or what belongs to the domains it administers.

Who administers a domain must not become an administrator of the cloud by it: roles beyond `GRANTABLE` are out of
their hands, and so are the users, groups and projects that hold admin.
"""

from typing import TypeVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import Assignment, Domain, Group, Project, Role, User
from accounts.names import is_text
from accounts.services import inputs

GRANTABLE = ("manager", "member", "reader")
"""The roles that a domain's administrator gives and takes (Keystone's policy `domain_managed_target_role`)."""

Row = TypeVar("Row", Domain, Project, User, Group)


def rows_within(context: Context, rule: str, all_rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return those of `all_rows` that the context reaches by the rule. Raise Forbidden if it cannot reach any."""
    policy.enforce_somewhere(context, rule)
    if policy.allows(context, rule):
        return all_rows
    column = "pk" if all_rows.model is Domain else "domain"
    return all_rows.filter(**{f"{column}__in": policy.domains(context, rule)})


def get_within(context: Context, rule: str, all_rows: QuerySet[Row], key: str | None, noun: str) -> Row:
    """Return the row with this id.

    Raise NotFound, and Forbidden alike for one out of reach and, unless everything is within, for a missing one.
    Only who administers the cloud changes what holds admin: else the rule `noun:write` raises Forbidden for it.
    """
    if policy.allows(context, rule):
        return inputs.get_or_404(all_rows, key or "", noun)
    reached = rows_within(context, rule, all_rows)
    row = reached.filter(pk=key).first() if is_text(key, 255) else None
    if row is None:
        raise Forbidden.needing(policy.required_role(rule))
    if rule == f"{noun}:write" and _holds_admin(row):
        raise Forbidden(
            _("%(name)s has to do with the administration of the cloud. Ask a cloud administrator.")
            % {"name": row.name}
        )
    return row


def enforce(context: Context, rule: str, domain_id: str | None) -> None:
    """Raise Forbidden unless the context meets the rule for what belongs to this domain; None is the system."""
    if not policy.allows(context, rule) and domain_id not in policy.domains(context, rule):
        raise Forbidden.needing(policy.required_role(rule))


def default_domain(context: Context, rule: str) -> str:
    """Return the id of the domain of new rows that name none: the scope's, the user's own, else one within reach."""
    own = context.domain.id if context.domain else context.user.domain_id
    reached = policy.domains(context, rule)
    return own if policy.allows(context, rule) or own in reached or not reached else min(reached)


def enforce_user(context: Context, user_id: str, rule: str) -> None:
    """Raise Forbidden unless the user is that of the context, or the context meets the rule for them."""
    if user_id != context.user.id and not policy.allows(context, rule):
        get_within(context, rule, User.objects.all(), user_id, "user")


def enforce_grantable(context: Context, role: Role) -> None:
    """Raise Forbidden unless the context may give and take the role where `assignment:write` reaches."""
    if not policy.allows(context, "assignment:write") and (role.name not in GRANTABLE or role.domain_id):
        raise Forbidden(
            _("A domain’s administrators give the roles %(roles)s. Ask a cloud administrator for %(role)s.")
            % {"roles": ", ".join(GRANTABLE), "role": role.name}
        )


def grantable_roles(context: Context) -> list[Role]:
    """Return the roles that the context may give somewhere."""
    if policy.allows(context, "assignment:write"):
        return list(Role.objects.select_related("domain"))
    may_give = policy.domains(context, "assignment:write")
    return list(Role.objects.filter(name__in=GRANTABLE, domain=None)) if may_give else []


def assignments(context: Context, rule: str) -> Q:
    """Return the condition of the assignments on what the context reaches. Raise Forbidden if it cannot reach any."""
    policy.enforce_somewhere(context, rule)
    if policy.allows(context, rule):
        return Q()
    domains = policy.domains(context, rule)
    return Q(project__domain__in=domains) | Q(domain__in=domains)


def _holds_admin(row: Domain | Project | User | Group) -> bool:
    """Return whether admin on the system or a project is assigned to the user or group, or on the project."""
    assignments = Assignment.objects.filter(role__name="admin").exclude(
        project=None, domain__isnull=False, inherited=False
    )
    match row:
        case User():
            return assignments.held_by(row).exists()
        case Group():
            return assignments.filter(group=row).exists()
        case Project():
            return assignments.filter(project=row).exists()
    return False
