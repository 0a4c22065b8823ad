"""Which endpoints the tokens of a project name: all, unless some are chosen for it (Keystone's OS-EP-FILTER).

They are chosen one by one, or by a group, to which every endpoint belongs that matches its filters.
"""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict
from accounts.models import Endpoint, EndpointGroup, Project
from accounts.services import audit, inputs
from accounts.services.inputs import Data

COLUMNS = {"service_id": "service", "region_id": "region", "interface": "interface"}
"""{filter of a group: column}, as Keystone has them."""


def unscoped_endpoints(project_id: str) -> QuerySet[Endpoint]:
    """Return the endpoints that are chosen for the project, by themselves or by a group."""
    condition = Q(projects=project_id)
    for group in EndpointGroup.objects.filter(projects=project_id):
        condition |= _matching(group)
    return Endpoint.objects.filter(condition).distinct()


def endpoints_for_admin(context: Context, project_id: str) -> QuerySet[Endpoint]:
    """Return the endpoints of a project. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:read")
    return unscoped_endpoints(_project(project_id).id)


def projects_for_admin(context: Context, endpoint_id: str) -> QuerySet[Project]:
    """Return the projects for which the endpoint is chosen by itself. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:read")
    return _endpoint(endpoint_id).projects.with_tags().order_by("name", "id")


def has_endpoint(context: Context, project_id: str, endpoint_id: str) -> bool:
    """Return whether the endpoint is chosen for the project by itself. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:read")
    return _endpoint(endpoint_id).projects.filter(pk=_project(project_id).pk).exists()


@transaction.atomic
def add_endpoint(context: Context, project_id: str, endpoint_id: str) -> None:
    """Choose an endpoint for a project; repeating it is a conflict, as in Keystone. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:write")
    _add(context, _endpoint(endpoint_id), project_id)


@transaction.atomic
def remove_endpoint(context: Context, project_id: str, endpoint_id: str) -> None:
    policy.enforce(context, "endpoint_filter:write")
    _remove(context, _endpoint(endpoint_id), project_id)


def groups_for_admin(context: Context) -> QuerySet[EndpointGroup]:
    policy.enforce(context, "endpoint_filter:read")
    return EndpointGroup.objects.all()


def project_groups_for_admin(context: Context, project_id: str) -> QuerySet[EndpointGroup]:
    """Return the groups that are chosen for a project. Raise Forbidden, NotFound."""
    return groups_for_admin(context).filter(projects=_project(project_id))


def group_endpoints_for_admin(context: Context, group_id: str) -> QuerySet[Endpoint]:
    """Return the endpoints that match a group's filters. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:read")
    return Endpoint.objects.filter(_matching(_group(group_id)))


def group_projects_for_admin(context: Context, group_id: str) -> QuerySet[Project]:
    """Return the projects for which the group is chosen. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:read")
    return _group(group_id).projects.with_tags().order_by("name", "id")


@transaction.atomic
def create_group(context: Context, data: Data) -> EndpointGroup:
    """Create a group; its filters are checked by the request's schema. Raise Forbidden, BadInput."""
    policy.enforce(context, "endpoint_filter:write")
    return _fill(context, "endpoint_group.create", EndpointGroup(), data)


@transaction.atomic
def update_group(context: Context, group_id: str, data: Data) -> EndpointGroup:
    policy.enforce(context, "endpoint_filter:write")
    return _fill(context, "endpoint_group.update", _group(group_id), data)


@transaction.atomic
def delete_group(context: Context, group_id: str) -> None:
    policy.enforce(context, "endpoint_filter:write")
    group = _group(group_id)
    audit.record(context, "endpoint_group.delete", group)
    group.delete()


@transaction.atomic
def add_group(context: Context, project_id: str, group_id: str) -> None:
    """Choose a group for a project; repeating it is a conflict, as in Keystone. Raise Forbidden, NotFound."""
    policy.enforce(context, "endpoint_filter:write")
    _add(context, _group(group_id), project_id)


@transaction.atomic
def remove_group(context: Context, project_id: str, group_id: str) -> None:
    policy.enforce(context, "endpoint_filter:write")
    _remove(context, _group(group_id), project_id)


def _add(context: Context, chosen: Endpoint | EndpointGroup, project_id: str) -> None:
    project = _project(project_id)
    if chosen.projects.filter(pk=project.pk).exists():
        raise Conflict(_("The project has this endpoint already, or this group of them."))
    chosen.projects.add(project)
    audit.record(context, "endpoint_filter.add", chosen, project_id=project.id)


def _remove(context: Context, chosen: Endpoint | EndpointGroup, project_id: str) -> None:
    project = _project(project_id)
    if not chosen.projects.filter(pk=project.pk).exists():
        inputs.raise_not_found("endpoint of this project", chosen.pk)
    chosen.projects.remove(project)
    audit.record(context, "endpoint_filter.remove", chosen, project_id=project.id)


def _fill(context: Context, action: str, group: EndpointGroup, data: Data) -> EndpointGroup:
    group.name = inputs.name(data, group.name or None)
    group.description = inputs.text(data, "description", group.description)
    group.filters = dict(data.get("filters", group.filters))  # type: ignore[call-overload]
    group.save()
    audit.record(context, action, group)
    return group


def _matching(group: EndpointGroup) -> Q:
    return Q(**{COLUMNS[name]: value for name, value in group.filters.items()})


def _project(key: str) -> Project:
    return inputs.get_or_404(Project.objects.all(), key, "project")


def _endpoint(key: str) -> Endpoint:
    return inputs.get_or_404(Endpoint.objects.all(), key, "endpoint")


def _group(key: str) -> EndpointGroup:
    return inputs.get_or_404(EndpointGroup.objects.all(), key, "endpoint group")
