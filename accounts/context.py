"""Who asks: the user, the project they work in, and their roles there."""

from dataclasses import dataclass, field

from accounts.models import Assignment, Project, User

IMPLIED = {"admin": ("manager", "member", "reader"), "manager": ("member", "reader"), "member": ("reader",)}
"""Each role implies the ones below it, as Keystone's default roles do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The asker of one request. Without a project only what belongs to no project can be reached."""

    user: User
    project: Project | None
    roles: frozenset[str] = field(default_factory=frozenset)
    address: str | None = None
    request_id: str = ""

    @property
    def is_admin(self) -> bool:
        """Administers the whole cloud: the admin role on any project reaches everything, as in OpenStack."""
        return "admin" in self.roles


def with_implied(names: set[str]) -> frozenset[str]:
    """The given role names and all that they imply."""
    return frozenset(names).union(*(IMPLIED.get(name, ()) for name in names))


def for_user(
    user: User, project_id: str | None, *, address: str | None = None, request_id: str = ""
) -> Context:
    """The context of `user` in the wanted project, else their default, else the first they have a role in.

    One query. A disabled project or domain gives no role, and an assignment on the system counts everywhere.
    """
    by_project: dict[Project, set[str]] = {}
    system: set[str] = set()
    assignments = Assignment.objects.filter(user=user).select_related("role", "project__domain")
    for assignment in assignments.order_by("project__name"):
        project = assignment.project
        if project is None:
            system.add(assignment.role.name)
        elif project.enabled and project.domain.enabled:
            by_project.setdefault(project, set()).add(assignment.role.name)
    wanted = {project.id: project for project in by_project}
    project = wanted.get(project_id or "") or wanted.get(user.default_project_id or "")
    project = project or next(iter(by_project), None)
    roles = system | (by_project[project] if project else set())
    return Context(
        user=user, project=project, roles=with_implied(roles), address=address, request_id=request_id
    )


def projects_of(user: User) -> list[Project]:
    """The enabled projects in which `user` has a role, by name."""
    return list(
        Project.objects.filter(assignments__user=user, enabled=True, domain__enabled=True)
        .select_related("domain")
        .distinct()
    )
