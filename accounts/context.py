"""The context of a request: user, scope and roles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from accounts.models import ApplicationCredential, Assignment, Domain, Project, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The user, scope and roles of one request. Without a project only what belongs to no project can be reached.

    Pages have the scope of a project, and of every domain on which the user has a role. A token may have that of one
    domain or of the system instead. It may come from an application credential or from an EC2 key.

    `projects` are those in which the user has a role, by name; a token knows its own alone. `roles` count in the
    project, and what administers the cloud everywhere; `domain_roles`, {domain id: roles}, only for what belongs to the
    domain (`accounts.policy`).
    """

    user: User
    project: Project | None
    projects: tuple[Project, ...] = ()
    roles: frozenset[str] = field(default_factory=frozenset)
    domain_roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    address: str | None = None
    request_id: str = ""
    domain: Domain | None = None
    system: bool = False
    credential: ApplicationCredential | None = None
    by_ec2_key: bool = False

    @property
    def is_admin(self) -> bool:
        """Return whether the user administers the whole cloud: admin on the system, or on a project as in OpenStack."""
        return "admin" in self.roles


def system_context(request_id: str = "") -> Context:
    """Return the context of what Meridian does by itself: without a user, with every role."""
    roles = frozenset({"admin", "manager", "member", "reader"})
    return Context(user=User(id="", name=""), project=None, roles=roles, request_id=request_id)


def for_user(
    user: User, project_id: str | None, *, address: str | None = None, request_id: str = ""
) -> Context:
    """Return the context of `user` in the project, else their default, else the first they have a role in.

    One query, or two if a role is inherited. A disabled project or domain gives no role. An assignment on
    the system counts everywhere, one on a domain within it.
    """
    assignments = list(
        Assignment.objects.held_by(user)
        .with_implied()
        .select_related("role", "project__domain", "domain")
        .order_by("project__name")
    )
    if any(assignment.inherited for assignment in assignments):
        reached = projects_of(user)
    else:
        reached = [row.project for row in assignments if row.project and _is_open(row.project)]
    by_id = {project.id: project for project in reached}
    project = by_id.get(project_id or "") or by_id.get(user.default_project_id or "")
    project = project or next(iter(by_id.values()), None)
    roles = role_names(row for row in assignments if _counts(row, project))
    return Context(
        user=user,
        project=project,
        projects=tuple(by_id.values()),
        roles=roles,
        domain_roles=_domain_roles(assignments),
        address=address,
        request_id=request_id,
    )


def projects_of(user: User) -> list[Project]:
    """Return the enabled projects in which `user` has a role, sorted by name. One query."""
    assignments = Assignment.objects.held_by(user)
    inherited_assignments = assignments.filter(inherited=True)
    reached = Project.objects.filter(
        Q(pk__in=assignments.filter(inherited=False, project__isnull=False).values("project"))
        | Q(domain__in=inherited_assignments.filter(domain__isnull=False).values("domain"))
        | Q(
            pk__in=Project.objects.below(
                inherited_assignments.filter(project__isnull=False).values("project")
            ).values("pk")
        )
    )
    return list(reached.enabled().with_lineage())


def role_names(assignments: Iterable[Any]) -> frozenset[str]:
    """Return the roles of assignments that were read `with_implied`, and the roles that they imply."""
    names: set[str] = set()
    for row in assignments:
        if row.role.domain_id is None:
            names.add(row.role.name)
        if row.implied_name:
            names.add(row.implied_name)
    return frozenset(names)


def _domain_roles(assignments: Iterable[Any]) -> dict[str, frozenset[str]]:
    by_domain: dict[str, list[Any]] = {}
    for row in assignments:
        if row.domain is not None and row.domain.enabled and not row.inherited:
            by_domain.setdefault(row.domain.id, []).append(row)
    return {key: role_names(rows) for key, rows in by_domain.items()}


def _is_open(project: Project) -> bool:
    return project.enabled and project.domain.enabled


def _counts(row: Assignment, project: Project | None) -> bool:
    """Return whether the assignment counts in `project`."""
    if row.project_id is None and row.domain_id is None:
        return True
    if project is None:
        return False
    if not row.inherited:
        return row.project_id == project.id
    return row.domain_id == project.domain_id or row.project_id in {above.id for above in project.lineage}
