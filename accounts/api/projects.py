"""`/projects` and their tags."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import Collection, IdentityView, Member, Resource, links, url
from accounts.api.project_tree import tree
from accounts.api.schemas import projects as schemas
from accounts.errors import NotFound
from accounts.models import Project
from accounts.names import is_text
from accounts.openstack.contract import Contract, contract
from accounts.openstack.responses import created, no_content
from accounts.services import inputs, projects


def show(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id,
        "description": project.description,
        "enabled": project.enabled,
        "is_domain": False,
        "parent_id": project.parent_id or project.domain_id,
        "tags": project.tag_names,
        "options": {},
        "links": links("projects", project.id),
    }


PROJECT = Resource(
    noun="project",
    path="projects",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"name": "name", "domain_id": "domain__pk"},
    flags={"enabled": "enabled"},
    unshown=("created_at",),
)


class Projects(Collection):
    resource = PROJECT

    def rows(self) -> QuerySet[Project]:
        rows = projects.all_for_admin(self.context)
        query = self.request.query_params
        if inputs.flag(query, "is_domain", False):
            return rows.none()
        if (parent := query.get("parent_id")) is not None:
            below = Q(parent=parent) | Q(parent=None, domain=parent)
            rows = rows.filter(below) if is_text(parent) else rows.none()
        return _tagged(rows, {name: query[name].split(",") for name in TAG_FILTERS & set(query)})

    def create(self, data: dict[str, Any]) -> Project:
        return projects.create(self.context, data)


class OneProject(Member):
    resource = PROJECT

    def rows(self) -> QuerySet[Project]:
        return projects.visible_to(self.context)

    @classmethod
    def contract(cls, method: str) -> Contract:
        if method in {"get", "head"}:
            return Contract(query=schemas.TREE_QUERY, answers={200: schemas.SHOWN_IN_TREE})
        return super().contract(method)

    def get(self, request: Request, key: str) -> HttpResponse:
        project = inputs.get_or_404(self.rows(), key, "project")
        more = tree(project, self.rows(), request.query_params, show)
        return JsonResponse({"project": show(project) | more})

    def update(self, key: str, data: dict[str, Any]) -> Project:
        return projects.update(self.context, key, data)

    def remove(self, key: str) -> None:
        projects.delete(self.context, key)


class Tags(IdentityView):
    @contract(answers={200: schemas.TAGS})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the tags of a project."""
        return self._answer(inputs.get_or_404(projects.visible_to(self.context), key, "project"))

    @contract(body=schemas.SET_TAGS, answers={200: schemas.TAGS})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Replace the tags of a project."""
        return self._answer(projects.set_tags(self.context, key, self.body()["tags"]))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Remove all tags of a project."""
        projects.set_tags(self.context, key, [])
        return no_content()

    def _answer(self, project: Project) -> HttpResponse:
        names = project.tag_names
        return JsonResponse({"tags": names, "links": {"self": url(f"projects/{project.id}/tags")}})


class OneTag(IdentityView):
    @contract(answers={204: None})
    def get(self, request: Request, key: str, tag: str) -> HttpResponse:
        """Check that a project has a tag."""
        project = inputs.get_or_404(projects.visible_to(self.context), key, "project")
        if tag not in project.tag_names:
            raise NotFound
        return no_content()

    @contract(answers={201: None})
    def put(self, request: Request, key: str, tag: str) -> HttpResponse:
        """Add a tag to a project."""
        projects.add_tag(self.context, key, tag)
        return created(url(f"projects/{key}/tags/{tag}"))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, tag: str) -> HttpResponse:
        """Remove a tag from a project."""
        projects.remove_tag(self.context, key, tag)
        return no_content()


TAG_FILTERS = {"tags", "tags-any", "not-tags", "not-tags-any"}


def _tagged(rows: QuerySet[Project], filters: dict[str, list[str]]) -> QuerySet[Project]:
    """Return the projects that have all, any, not all, or none of the tags."""
    for name, names in filters.items():
        tags = [tag for tag in names if is_text(tag)]
        matching = Project.objects.filter(tags__name__in=tags)
        if not name.endswith("any"):
            matching = matching.annotate(matches=Count("tags")).filter(matches=len(set(names)))
        keys = matching.values("pk")
        rows = rows.exclude(pk__in=keys) if name.startswith("not") else rows.filter(pk__in=keys)
    return rows
