"""Role assignments, as written and as effective."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from accounts import policy
from accounts.context import Context
from accounts.models import Assignment, Domain, Group, Project, Role, RoleInference, User
from accounts.services import audit, inputs


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
        """As columns of an assignment."""
        return {name: getattr(self, name) for name in ("user", "group", "project", "domain", "inherited")}

    @property
    def actor(self) -> User | Group:
        """The user or group that has the role."""
        actor = self.user or self.group
        if actor is None:
            raise ValueError("A role is held by a user or by a group.")
        return actor

    def audited(self, role: Role) -> dict[str, Any]:
        """Return what the audit log says of the role."""
        return {
            "project_id": self.project.id if self.project else "",
            "role": role.name,
            "domain": self.domain.name if self.domain else "",
            "inherited": self.inherited,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """One role that counts, and the assignment it comes from."""

    role: Role
    user: User | None
    group: Group | None
    project: Project | None
    domain: Domain | None
    inherited: bool
    source: Assignment


def roles_of(
    user: User, *, project: Project | None = None, domain: Domain | None = None, system: bool = False
) -> dict[str, str]:
    """{role id: name} that the user has on exactly one place, implied ones too. One query."""
    mine = Assignment.objects.held_by(user)
    if project is not None:
        mine = mine.reaching(project)
    elif domain is not None:
        mine = mine.filter(domain=domain, inherited=False)
    elif system:
        mine = mine.filter(project=None, domain=None)
    else:
        return {}
    rows = mine.values_list(
        "role", "role__name", "role__inferences__implied", "role__inferences__implied__name"
    )
    names: dict[str, str] = {}
    for role_id, name, implied_id, implied in rows:
        names[role_id] = name
        if implied_id:
            names[implied_id] = implied
    return names


def on_domains(user: User) -> QuerySet[Domain]:
    """Return the enabled domains on which the user has a role."""
    mine = Assignment.objects.held_by(user).filter(inherited=False, domain__isnull=False)
    return Domain.objects.filter(pk__in=mine.values("domain"), enabled=True)


def on_system(user: User) -> bool:
    return Assignment.objects.held_by(user).filter(project=None, domain=None).exists()


def holding(
    context: Context,
    rule: str,
    *,
    actor: str,
    actor_id: str,
    place: str,
    place_id: str | None,
    inherited: bool,
) -> Holding:
    """From the words and ids of an address. Raise Forbidden or NotFound."""
    policy.enforce(context, rule)
    user = inputs.get_or_404(User.objects.all(), actor_id, "user") if actor == "users" else None
    group = inputs.get_or_404(Group.objects.all(), actor_id, "group") if actor == "groups" else None
    project = (
        inputs.get_or_404(Project.objects.all(), place_id or "", "project") if place == "projects" else None
    )
    domain = inputs.get_or_404(Domain.objects.all(), place_id or "", "domain") if place == "domains" else None
    return Holding(user=user, group=group, project=project, domain=domain, inherited=inherited)


def granted(held: Holding) -> QuerySet[Role]:
    """Return the roles written for this holding; none that is implied or comes from elsewhere."""
    return Role.objects.filter(pk__in=Assignment.objects.filter(**held.fields).values("role"))


@transaction.atomic
def grant(context: Context, held: Holding, role_id: str) -> None:
    """Give the role; again changes nothing."""
    policy.enforce(context, "assignment:write")
    role = inputs.get_or_404(Role.objects.all(), role_id, "role")
    _row, made = Assignment.objects.get_or_create(role=role, **held.fields)
    if made:
        audit.record(context, "assignment.grant", held.actor, **held.audited(role))


@transaction.atomic
def revoke(context: Context, held: Holding, role_id: str) -> None:
    """Take the role away; counts at the next request. Raise NotFound where it was not given."""
    policy.enforce(context, "assignment:write")
    role = inputs.get_or_404(Role.objects.all(), role_id, "role")
    gone, _rows = Assignment.objects.filter(role=role, **held.fields).delete()
    if not gone:
        inputs.raise_not_found("role assignment", role_id)
    audit.record(context, "assignment.revoke", held.actor, **held.audited(role))


def all_for_admin(context: Context, where: Q | None = None) -> list[Effective]:
    """Return the assignments that fit, as they are written. One query. Raise Forbidden for those who may not read them."""
    policy.enforce(context, "assignment:read")
    return [
        Effective(
            role=row.role,
            user=row.user,
            group=row.group,
            project=row.project,
            domain=row.domain,
            inherited=row.inherited,
            source=row,
        )
        for row in _all().filter(where or Q())
    ]


def effective(context: Context, *, user_id: str | None = None) -> list[Effective]:
    """Return every role that counts: groups as members, inherited ones on what is below, implied ones.

    Of one user, if named. Four queries. Raise Forbidden for those who may not read them.
    """
    policy.enforce(context, "assignment:read")
    written = _all()
    if user_id is not None:
        written = written.filter(pk__in=Assignment.objects.held_by(User(pk=user_id)).values("pk"))
    rows = _of_members(written.prefetch_related("group__members__domain"))
    seen: set[tuple[str | None, ...]] = set()
    effective_rows: list[Effective] = []
    for one in _with_implied(_on_places(rows, list(Project.objects.with_lineage()))):
        key = (
            one.user.id if one.user else None,
            one.role.id,
            one.project.id if one.project else None,
            one.domain.id if one.domain else None,
        )
        if key not in seen:
            seen.add(key)
            effective_rows.append(one)
    return effective_rows


def ways(context: Context, user: User) -> list[Effective]:
    """Return every role of one user, once for each assignment that gives it. At most three queries."""
    policy.enforce_own(context, user.id, "assignment:read")
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
        for row in _all().filter(pk__in=Assignment.objects.held_by(user).values("pk"))
    ]
    below = list(Project.objects.with_lineage()) if any(row.inherited for row in rows) else []
    return list(_with_implied(_on_places(rows, below)))


def on_project(context: Context, project: Project) -> QuerySet[Assignment]:
    """Return the assignments that count on the project, and those on it that projects below inherit."""
    policy.enforce(context, "assignment:read")
    counting = Assignment.objects.reaching(project).values("pk")
    rows = _all().filter(Q(pk__in=counting) | Q(project=project))
    return rows.order_by(Coalesce("user__name", "group__name"), "role__name", "pk")


def group_assignments(context: Context, group: Group) -> QuerySet[Assignment]:
    """Return the group's assignments."""
    policy.enforce(context, "assignment:read")
    return _all().filter(group=group).order_by("project__name", "domain__name", "role__name", "pk")


def _all() -> QuerySet[Assignment]:
    return Assignment.objects.select_related(
        "role", "user__domain", "group__domain", "project__domain", "domain"
    ).order_by("pk")


def _of_members(rows: Iterable[Assignment]) -> Iterator[Effective]:
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


def _on_places(rows: Iterable[Effective], projects: list[Project]) -> Iterator[Effective]:
    for row in rows:
        if not row.inherited:
            yield row
            continue
        for project in projects:
            if (row.domain and project.domain_id == row.domain.id) or row.project in project.lineage:
                yield replace(row, project=project, domain=None)


def _with_implied(rows: Iterable[Effective]) -> Iterator[Effective]:
    implied: dict[str, list[Role]] = {}
    for rule in RoleInference.objects.select_related("implied"):
        implied.setdefault(rule.prior_id, []).append(rule.implied)
    for row in rows:
        for role in (row.role, *implied.get(row.role.id, ())):
            yield replace(row, role=role)
