"""`/OS-EP-FILTER`: which endpoints the tokens of a project name."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import Collection, IdentityView, Member, Resource, links, listing
from accounts.api.catalog import ENDPOINT
from accounts.api.projects import PROJECT
from accounts.api.schemas import endpoint_filters as schemas
from accounts.errors import NotFound
from accounts.models import EndpointGroup
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import endpoint_filters, inputs


def show(group: EndpointGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "filters": group.filters,
        "links": links(ENDPOINT_GROUP_PATH, group.id),
    }


ENDPOINT_GROUP_PATH = "OS-EP-FILTER/endpoint_groups"
ENDPOINT_GROUP = Resource(
    noun="endpoint_group",
    path=ENDPOINT_GROUP_PATH,
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"name": "name"},
)


class EndpointProjects(IdentityView):
    @contract(query=PROJECT.query, answers={200: PROJECT.list})
    def get(self, request: Request, endpoint: str) -> HttpResponse:
        """List the projects for which the endpoint is chosen."""
        return listing(request, PROJECT, endpoint_filters.projects_for_admin(self.context, endpoint))


class ProjectEndpoints(IdentityView):
    @contract(query=ENDPOINT.query, answers={200: ENDPOINT.list})
    def get(self, request: Request, project: str) -> HttpResponse:
        """List the endpoints that are chosen for the project."""
        return listing(request, ENDPOINT, endpoint_filters.endpoints_for_admin(self.context, project))


class ProjectEndpoint(IdentityView):
    @contract(answers={204: None})
    def get(self, request: Request, project: str, endpoint: str) -> HttpResponse:
        """Check that the endpoint is chosen for the project."""
        if not endpoint_filters.has_endpoint(self.context, project, endpoint):
            raise NotFound
        return no_content()

    @contract(answers={204: None})
    def put(self, request: Request, project: str, endpoint: str) -> HttpResponse:
        """Choose an endpoint for a project."""
        endpoint_filters.add_endpoint(self.context, project, endpoint)
        return no_content()

    @contract(answers={204: None})
    def delete(self, request: Request, project: str, endpoint: str) -> HttpResponse:
        """Choose it no longer."""
        endpoint_filters.remove_endpoint(self.context, project, endpoint)
        return no_content()


class EndpointGroups(Collection):
    resource = ENDPOINT_GROUP

    def rows(self) -> QuerySet[EndpointGroup]:
        return endpoint_filters.groups_for_admin(self.context)

    def create(self, data: dict[str, Any]) -> EndpointGroup:
        return endpoint_filters.create_group(self.context, data)


class OneEndpointGroup(Member):
    resource = ENDPOINT_GROUP

    def rows(self) -> QuerySet[EndpointGroup]:
        return endpoint_filters.groups_for_admin(self.context)

    def update(self, key: str, data: dict[str, Any]) -> EndpointGroup:
        return endpoint_filters.update_group(self.context, key, data)

    def remove(self, key: str) -> None:
        endpoint_filters.delete_group(self.context, key)


class GroupEndpoints(IdentityView):
    @contract(query=ENDPOINT.query, answers={200: ENDPOINT.list})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the endpoints that match the group's filters."""
        return listing(request, ENDPOINT, endpoint_filters.group_endpoints_for_admin(self.context, key))


class GroupProjects(IdentityView):
    @contract(query=PROJECT.query, answers={200: PROJECT.list})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the projects for which the group is chosen."""
        return listing(request, PROJECT, endpoint_filters.group_projects_for_admin(self.context, key))


class GroupProject(IdentityView):
    @contract(answers={200: PROJECT.item})
    def get(self, request: Request, key: str, project: str) -> HttpResponse:
        """Show the project if the group is chosen for it."""
        rows = endpoint_filters.group_projects_for_admin(self.context, key)
        row = inputs.get_or_404(rows, project, "project")
        return JsonResponse({"project": PROJECT.show(row)})

    @contract(answers={204: None})
    def put(self, request: Request, key: str, project: str) -> HttpResponse:
        """Choose a group for a project."""
        endpoint_filters.add_group(self.context, project, key)
        return no_content()

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, project: str) -> HttpResponse:
        """Choose it no longer."""
        endpoint_filters.remove_group(self.context, project, key)
        return no_content()


class ProjectGroups(IdentityView):
    @contract(query=ENDPOINT_GROUP.query, answers={200: ENDPOINT_GROUP.list})
    def get(self, request: Request, project: str) -> HttpResponse:
        """List the groups that are chosen for the project."""
        groups = endpoint_filters.project_groups_for_admin(self.context, project)
        return listing(request, ENDPOINT_GROUP, groups)
