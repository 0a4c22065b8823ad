"""Role assignments: stored ones, and the effective roles that follow from them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import Assignment, Domain, Group, Project, Role, RoleInference, User
from accounts.services import audit, inputs, scoping


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The actor and the scope of an assignment: a user or group, on a project, a domain or the system."""

    user: User | None = None
    group: Group | None = None
    project: Project | None = None
    domain: Domain | None = None
    inherited: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """Return the columns of an assignment."""
        return {name: getattr(self, name) for name in ("user", "group", "project", "domain", "inherited")}

    @property
    def actor(self) -> User | Group:
        """Return the user or group that has the role."""
        actor = self.user or self.group
        if actor is None:
            raise ValueError("A role is held by a user or by a group.")
        return actor

    @property
    def domain_id(self) -> str | None:
        """Return the id of the domain that the assignment is on or within; None for the system."""
        return self.project.domain_id if self.project else self.domain.id if self.domain else None

    def audited(self, role: Role) -> dict[str, Any]:
        """Return the details of an audit event about the role."""
        return {
            "project_id": self.project.id if self.project else "",
            "role": role.name,
            "domain": self.domain.name if self.domain else "",
            "inherited": self.inherited,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """One effective role, and the assignment from which it follows."""

    role: Role
    user: User | None
    group: Group | None
    project: Project | None
    domain: Domain | None
    inherited: bool
    source: Assignment

    @property
    def role_id(self) -> str:
        return self.role.id

    @property
    def user_id(self) -> str | None:
        return self.user.id if self.user else None

    @property
    def group_id(self) -> str | None:
        return self.group.id if self.group else None

    @property
    def project_id(self) -> str | None:
        return self.project.id if self.project else None

    @property
    def domain_id(self) -> str | None:
        return self.domain.id if self.domain else None


def roles_of(
    user: User, *, project: Project | None = None, domain: Domain | None = None, system: bool = False
) -> dict[str, str]:
    """Return {role id: name} of the user's roles in exactly one scope, implied ones too. One query."""
    held = Assignment.objects.held_by(user)
    if project is not None:
        held = held.reaching(project)
    elif domain is not None:
        held = held.filter(domain=domain, inherited=False)
    elif system:
        held = held.filter(project=None, domain=None)
    else:
        return {}
    rows = held.values_list(
        "role",
        "role__name",
        "role__domain",
        "role__inferences__implied",
        "role__inferences__implied__name",
        "role__inferences__implied__domain",
    )
    names: dict[str, str] = {}
    for role_id, name, home, implied_id, implied, implied_home in rows:
        if home is None:
            names[role_id] = name
        if implied_id and implied_home is None:
            names[implied_id] = implied
    return names


def unscoped_domains(user: User) -> QuerySet[Domain]:
    """Return the enabled domains on which the user has a role."""
    held = Assignment.objects.held_by(user).filter(inherited=False, domain__isnull=False)
    return Domain.objects.filter(pk__in=held.values("domain"), enabled=True)


def has_system_role(user: User) -> bool:
    return Assignment.objects.held_by(user).filter(project=None, domain=None).exists()


def find_holding(
    context: Context,
    rule: str,
    *,
    actor: str,
    actor_id: str,
    place: str,
    place_id: str | None,
    inherited: bool,
) -> Holding:
    """Return the holding that the parts of an API path name. Raise Forbidden, NotFound."""
    user = group = project = domain = None
    if place == "projects":
        project = scoping.get_within(context, rule, Project.objects.all(), place_id, "project")
    elif place == "domains":
        domain = scoping.get_within(context, rule, Domain.objects.all(), place_id, "domain")
    else:
        policy.enforce(context, rule)
    if actor == "users":
        user = scoping.get_within(context, rule, User.objects.all(), actor_id, "user")
    elif actor == "groups":
        group = scoping.get_within(context, rule, Group.objects.all(), actor_id, "group")
    return Holding(user=user, group=group, project=project, domain=domain, inherited=inherited)


def unscoped_granted_roles(holding: Holding) -> QuerySet[Role]:
    """Return the roles of stored assignments of this holding, without implied and inherited ones."""
    return Role.objects.filter(pk__in=Assignment.objects.filter(**holding.fields).values("role"))


@transaction.atomic
def grant(context: Context, holding: Holding, role_id: str) -> None:
    """Create the assignment; an existing one stays as it is. Raise Forbidden, NotFound.

    A role of a domain is given within that domain alone, as in Keystone.
    """
    scoping.enforce(context, "assignment:write", holding.domain_id)
    scoping.enforce(context, "assignment:write", holding.actor.domain_id)
    role = _get_grantable(context, role_id)
    if role.domain_id not in {None, holding.domain_id}:
        raise Forbidden(_("The role %(name)s is given within its own domain.") % {"name": role.name})
    _row, is_new = Assignment.objects.get_or_create(role=role, **holding.fields)
    if is_new:
        audit.record(context, "assignment.grant", holding.actor, **holding.audited(role))


@transaction.atomic
def revoke(context: Context, holding: Holding, role_id: str) -> None:
    """Delete the assignment, effective at the next request. Raise Forbidden, NotFound."""
    scoping.enforce(context, "assignment:write", holding.domain_id)
    scoping.enforce(context, "assignment:write", holding.actor.domain_id)
    role = _get_grantable(context, role_id)
    deleted, _rows = Assignment.objects.filter(role=role, **holding.fields).delete()
    if not deleted:
        inputs.raise_not_found("role assignment", role_id)
    audit.record(context, "assignment.revoke", holding.actor, **holding.audited(role))


def all_for_admin(
    context: Context, condition: Q | None = None, *, with_names: bool = True
) -> list[Assignment]:
    """Return the stored assignments that meet the condition, within reach. One query. Raise Forbidden.

    Without names, nothing but their ids is read of users, projects and the rest.
    """
    reached = scoping.assignments(context, "assignment:read")
    rows = _unscoped() if with_names else _unscoped().select_related(None)
    return list(rows.filter(reached & (condition or Q())))


def effective_for_admin(context: Context, *, user_id: str | None = None) -> list[Effective]:
    """Return every effective role, of one user if named: of group members, inherited and implied ones too.

    Four queries. Raise Forbidden.
    """
    written = _unscoped().filter(scoping.assignments(context, "assignment:read"))
    if user_id is not None:
        written = written.filter(pk__in=Assignment.objects.held_by(User(pk=user_id)).values("pk"))
    rows = _expand_groups(written.prefetch_related("group__members__domain"))
    keys: set[tuple[str | None, ...]] = set()
    effective_rows: list[Effective] = []
    for row in _expand_implied(_expand_inherited(rows, list(Project.objects.with_lineage()))):
        key = (row.user_id, row.role_id, row.project_id, row.domain_id)
        # A role of a domain gives what it implies, and is none itself.
        if key not in keys and row.role.domain_id is None:
            keys.add(key)
            effective_rows.append(row)
    return effective_rows


def role_sources(context: Context, user: User) -> list[Effective]:
    """Return every role of one user, once for each assignment that gives it. At most three queries. Raise Forbidden.

    Of another user only those within reach.
    """
    reached = Q() if user.id == context.user.id else scoping.assignments(context, "assignment:read")
    rows = [
        Effective(
            role=row.role,
            user=user,
            group=None,
            project=row.project,
            domain=row.domain,
            inherited=row.inherited,
            source=row,
        )
        for row in _unscoped().filter(reached, pk__in=Assignment.objects.held_by(user).values("pk"))
    ]
    below = list(Project.objects.with_lineage()) if any(row.inherited for row in rows) else []
    return list(_expand_implied(_expand_inherited(rows, below)))


def project_assignments_for_admin(context: Context, project: Project) -> QuerySet[Assignment]:
    """Return the assignments that count on the project, and those that projects below inherit from it."""
    scoping.enforce(context, "assignment:read", project.domain_id)
    counting = Assignment.objects.reaching(project).values("pk")
    rows = _unscoped().filter(Q(pk__in=counting) | Q(project=project))
    return rows.order_by(Coalesce("user__name", "group__name"), "role__name", "pk")


def group_assignments_for_admin(context: Context, group: Group) -> QuerySet[Assignment]:
    """Return the group's assignments within reach. Raise Forbidden."""
    return (
        _unscoped()
        .filter(scoping.assignments(context, "assignment:read"), group=group)
        .order_by("project__name", "domain__name", "role__name", "pk")
    )


def _get_grantable(context: Context, role_id: str) -> Role:
    role = inputs.get_or_404(Role.objects.all(), role_id, "role")
    scoping.enforce_grantable(context, role)
    return role


def _unscoped() -> QuerySet[Assignment]:
    return Assignment.objects.select_related(
        "role__domain", "user__domain", "group__domain", "project__domain", "domain"
    ).order_by("pk")


def _expand_groups(rows: Iterable[Assignment]) -> Iterator[Effective]:
    for row in rows:
        for user in row.group.members.all() if row.group else [row.user]:
            yield Effective(
                role=row.role,
                user=user,
                group=None,
                project=row.project,
                domain=row.domain,
                inherited=row.inherited,
                source=row,
            )


def _expand_inherited(rows: Iterable[Effective], projects: list[Project]) -> Iterator[Effective]:
    for row in rows:
        if not row.inherited:
            yield row
            continue
        for project in projects:
            if (row.domain and project.domain_id == row.domain.id) or row.project in project.lineage:
                yield replace(row, project=project, domain=None)


def _expand_implied(rows: Iterable[Effective]) -> Iterator[Effective]:
    implied: dict[str, list[Role]] = {}
    for rule in RoleInference.objects.select_related("implied"):
        implied.setdefault(rule.prior_id, []).append(rule.implied)
    for row in rows:
        for role in (row.role, *implied.get(row.role.id, ())):
            yield replace(row, role=role)
