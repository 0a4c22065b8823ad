"""Projects: owners of resources, in a tree below each domain."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context, projects_of
from accounts.errors import BadInput, Conflict, Forbidden
from accounts.models import Domain, Project, ProjectTag, Token, User
from accounts.names import is_tag
from accounts.services import audit, inputs, project_contents, scoping
from accounts.services.inputs import Data
from accounts.services.saving import save_unique

MOST_TAGS = 80


def visible_to(context: Context) -> QuerySet[Project]:
    """Return the projects that `project:read` reaches, and those in which the user has a role."""
    if policy.allows(context, "project:read"):
        return Project.objects.with_tags()
    own = [project.id for project in projects_of(context.user)]
    reached = Q(pk__in=own) | Q(domain__in=policy.domains(context, "project:read"))
    return Project.objects.filter(reached).with_tags()


def unscoped_of_user(user: User) -> QuerySet[Project]:
    """Return the enabled projects in which the user has a role, without any authorisation."""
    keys = [project.id for project in projects_of(user)]
    return Project.objects.filter(pk__in=keys).with_tags()


def all_for_admin(context: Context) -> QuerySet[Project]:
    """Return the projects that `project:read` reaches. Raise Forbidden without it."""
    return scoping.rows_within(context, "project:read", Project.objects.with_tags())


@transaction.atomic
def create(context: Context, data: Data) -> Project:
    """Create a project in `domain_id`, else its parent's domain or the user's. Raise Forbidden, BadInput, Conflict."""
    policy.enforce_somewhere(context, "project:write")
    if inputs.flag(data, "is_domain", False):
        raise BadInput(fields={"is_domain": _("Create domains under /domains.")})
    domain, parent = _place(context, data)
    project = Project(
        domain=domain,
        parent=parent,
        name=inputs.name(data, longest=64),
        description=inputs.text(data, "description"),
        enabled=inputs.flag(data, "enabled", True),
    )
    _store(project)
    if "tags" in data:
        _set_tags(project, data["tags"])
    audit.record(context, "project.create", project)
    return project


@transaction.atomic
def update(context: Context, project_id: str, data: Data) -> Project:
    """Change a project, but not its parent or domain. Disabling it ends every token scoped to it."""
    project = scoping.get_within(context, "project:write", Project.objects.all(), project_id, "project")
    if data.get("domain_id", project.domain_id) != project.domain_id:
        raise BadInput(fields={"domain_id": _("A project stays in its domain.")})
    if data.get("parent_id", project.parent_id or project.domain_id) != (
        project.parent_id or project.domain_id
    ):
        raise Forbidden(_("A project stays below its parent."))
    project.name = inputs.name(data, project.name, longest=64)
    project.description = inputs.text(data, "description", project.description)
    project.enabled = inputs.flag(data, "enabled", project.enabled)
    _store(project)
    if "tags" in data:
        _set_tags(project, data["tags"])
    if not project.enabled:
        Token.objects.filter(project=project).delete()
    audit.record(context, "project.update", project)
    return project


@transaction.atomic
def delete(context: Context, project_id: str) -> None:
    """Delete a project. Raise Forbidden, NotFound, and Conflict that names what it still owns."""
    project = scoping.get_within(context, "project:write", Project.objects.all(), project_id, "project")
    audit.record(context, "project.delete", project)
    if below := project_contents.shorten(list(project.children.values_list("name", flat=True))):
        raise Forbidden(
            _("Other projects stand below this one: %(names)s. Delete them first.") % {"names": below}
        )
    if contents := project_contents.describe(project.id):
        raise Conflict(
            _("The project %(name)s is not empty. %(kept)s") % {"name": project.name, "kept": contents}
        )
    project_contents.forget(project.id)
    try:
        project.delete()
    except ProtectedError as error:
        raise Conflict(_("The project %(name)s still owns resources.") % {"name": project.name}) from error


@transaction.atomic
def set_tags(context: Context, project_id: str, tags: object) -> Project:
    """Replace the tags of a project. Raise Forbidden, NotFound, BadInput."""
    project = scoping.get_within(context, "project:write", Project.objects.all(), project_id, "project")
    _set_tags(project, tags)
    audit.record(context, "project.update", project)
    return project


@transaction.atomic
def add_tag(context: Context, project_id: str, tag: str) -> None:
    project = scoping.get_within(context, "project:write", Project.objects.all(), project_id, "project")
    _set_tags(project, {*project.tags.values_list("name", flat=True), tag})


@transaction.atomic
def remove_tag(context: Context, project_id: str, tag: str) -> None:
    project = scoping.get_within(context, "project:write", Project.objects.all(), project_id, "project")
    if not project.tags.filter(name=tag).delete()[0]:
        inputs.raise_not_found("project tag", tag)


def _set_tags(project: Project, value: object) -> None:
    tags = set(value) if isinstance(value, Iterable) and not isinstance(value, str) else {""}
    if len(tags) > MOST_TAGS or not all(is_tag(tag, 255) for tag in tags):
        sentence = _("Give at most %(most)s tags of up to 255 characters without / and ,") % {
            "most": MOST_TAGS
        }
        raise BadInput(fields={"tags": sentence})
    project.tags.exclude(name__in=tags).delete()
    present = set(project.tags.values_list("name", flat=True))
    ProjectTag.objects.bulk_create(
        (ProjectTag(project=project, name=tag) for tag in sorted(tags - present)), ignore_conflicts=True
    )


def _place(context: Context, data: Data) -> tuple[Domain, Project | None]:
    """Return domain and parent of a new project. As in Keystone, `parent_id` may be a domain's id."""
    domain_id, parent_id = inputs.identifier(data, "domain_id"), inputs.identifier(data, "parent_id")
    parent = None
    if parent_id is not None:
        parent = Project.objects.filter(pk=parent_id).first()
        if parent is None and not Domain.objects.filter(pk=parent_id).exists():
            inputs.raise_not_found("project", parent_id)
        above = parent.domain_id if parent else parent_id
        if domain_id not in {None, above}:
            raise BadInput(fields={"domain_id": _("The parent is in another domain.")})
        domain_id = above
    if parent and len(parent.lineage) + 2 > Project.DEEPEST:
        raise Forbidden(
            _("At most %(deepest)s projects may stand below each other.") % {"deepest": Project.DEEPEST}
        )
    domain_id = domain_id or scoping.default_domain(context, "project:write")
    return scoping.get_within(context, "project:write", Domain.objects.all(), domain_id, "domain"), parent


def _store(project: Project) -> None:
    save_unique(project, _("There is a project %(name)s in this domain already.") % {"name": project.name})
