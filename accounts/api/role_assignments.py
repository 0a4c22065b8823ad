"""`/role_assignments`: stored or `effective` ones, with names on request."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.base import IdentityView, page_response, url
from accounts.api.schemas import role_assignments as schemas
from accounts.errors import BadInput
from accounts.models import Group, Project, Role, User
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.paging import Page
from accounts.services import assignments, inputs
from accounts.services.assignments import Effective

INHERITED = "OS-INHERIT:inherited_to"
_COLUMNS = {
    "user.id": "user",
    "group.id": "group",
    "role.id": "role",
    "scope.project.id": "project",
    "scope.domain.id": "domain",
}


class RoleAssignments(IdentityView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        is_effective = _flag(query, "effective")
        if query.get("user.id") and query.get("group.id"):
            raise BadInput(fields={"group.id": _("Ask for a user or for a group, not for both.")})
        if is_effective and query.get("group.id"):
            raise BadInput(fields={"group.id": _("Effective assignments are those of users.")})
        with_names = _flag(query, "include_names")
        if is_effective:
            user = query.get("user.id")
            rows = assignments.effective_for_admin(self.context, user_id=user if is_text(user) else None)
            rows = [row for row in rows if _matches(row, query)]
        else:
            condition = _written_condition(query)
            rows = assignments.all_for_admin(self.context, condition, with_names=with_names)
        page = Page(rows=rows, more=False)
        return page_response(
            request, "role_assignments", page, lambda row: _show(row, with_names, is_effective)
        )


def _flag(query: Any, name: str) -> bool:
    """Return whether the parameter is set: without a value it is. Raise BadInput."""
    return name in query and (query[name] == "" or inputs.flag(query, name, True))


def _written_condition(query: Any) -> Q:
    """Return the condition of the query string on stored assignments."""
    condition = Q()
    for name, column in _COLUMNS.items():
        if name in query:
            condition &= Q(**{column: query[name]}) if is_text(query[name]) else Q(pk__in=[])
    if "scope.system" in query:
        condition &= Q(project=None, domain=None)
    if f"scope.{INHERITED}" in query:
        condition &= Q(inherited=True)
    return condition


def _matches(row: Effective, query: Any) -> bool:
    """Return whether an effective assignment meets the query string."""
    references = {
        "user.id": row.user,
        "group.id": row.group,
        "role.id": row.role,
        "scope.project.id": row.project,
        "scope.domain.id": row.domain,
    }
    for name, reference in references.items():
        if name in query and (reference is None or reference.id != query[name]):
            return False
    if "scope.system" in query and (row.project or row.domain):
        return False
    return f"scope.{INHERITED}" not in query or row.inherited


def _show(row: Effective, with_names: bool, is_effective: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "role": _reference(row.role, with_names),
        "scope": _scope(row, with_names, is_effective),
    }
    body["links"] = {"assignment": _address(row)}
    if row.user:
        body["user"] = _reference(row.user, with_names)
        if row.source.group_id:
            body["links"]["membership"] = url(f"groups/{row.source.group_id}/users/{row.user.id}")
    if row.group:
        body["group"] = _reference(row.group, with_names)
    if row.source.role_id != row.role.id:
        body["links"]["prior_role"] = url(f"roles/{row.source.role_id}")
    return body


def _scope(row: Effective, with_names: bool, is_effective: bool) -> dict[str, Any]:
    if row.project:
        scope: dict[str, Any] = {"project": _reference(row.project, with_names)}
    elif row.domain:
        scope = {"domain": _reference(row.domain, with_names)}
    else:
        scope = {"system": {"all": True}}
    if row.inherited and not is_effective:
        scope[INHERITED] = "projects"
    return scope


def _reference(reference: Any, with_names: bool) -> dict[str, Any]:
    body = {"id": reference.id}
    if with_names:
        body["name"] = reference.name
        # Roles have a domain only if they are its own.
        domain = reference.domain if isinstance(reference, User | Group | Project | Role) else None
        if domain is not None:
            body["domain"] = {"id": domain.id, "name": domain.name}
    return body


def _address(row: Effective) -> str:
    """Return the URL of the stored assignment, which DELETE revokes."""
    source = row.source
    actor = f"users/{source.user_id}" if source.user_id else f"groups/{source.group_id}"
    if source.project_id:
        place = f"projects/{source.project_id}"
    else:
        place = f"domains/{source.domain_id}" if source.domain_id else "system"
    path = f"{place}/{actor}/roles/{source.role_id}"
    return url(f"OS-INHERIT/{path}/inherited_to_projects" if source.inherited else path)
