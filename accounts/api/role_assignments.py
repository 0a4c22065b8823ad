"""`/role_assignments`: stored or `effective` ones, with names on request."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.base import IdentityView, page_response, url
from accounts.api.schemas import role_assignments as schemas
from accounts.errors import BadInput
from accounts.models import Assignment, Domain, Group, Project, Role, User
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
        rows: Sequence[Assignment | Effective]
        if is_effective:
            user = query.get("user.id")
            effective = assignments.effective_for_admin(self.context, user_id=user if is_text(user) else None)
            rows = [row for row in effective if _matches(row, query)]
        else:
            condition = _written_condition(query)
            rows = assignments.all_for_admin(self.context, condition, with_names=with_names)
        page = Page(rows=list(rows), more=False)
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
    ids = {
        "user.id": row.user_id,
        "group.id": row.group_id,
        "role.id": row.role_id,
        "scope.project.id": row.project_id,
        "scope.domain.id": row.domain_id,
    }
    if any(name in query and key != query[name] for name, key in ids.items()):
        return False
    if "scope.system" in query and (row.project or row.domain):
        return False
    return f"scope.{INHERITED}" not in query or row.inherited


def _show(row: Effective | Assignment, with_names: bool, is_effective: bool) -> dict[str, Any]:
    def reference(part: str, key: str) -> dict[str, Any]:
        return _named(getattr(row, part)) if with_names else {"id": key}

    source = row if isinstance(row, Assignment) else row.source
    links = {"assignment": _address(source)}
    body: dict[str, Any] = {"role": reference("role", row.role_id), "links": links}
    if row.project_id:
        scope: dict[str, Any] = {"project": reference("project", row.project_id)}
    elif row.domain_id:
        scope = {"domain": reference("domain", row.domain_id)}
    else:
        scope = {"system": {"all": True}}
    if row.inherited and not is_effective:
        scope[INHERITED] = "projects"
    body["scope"] = scope
    if row.user_id:
        body["user"] = reference("user", row.user_id)
        if source.group_id:
            links["membership"] = url(f"groups/{source.group_id}/users/{row.user_id}")
    if row.group_id:
        body["group"] = reference("group", row.group_id)
    if source.role_id != row.role_id:
        links["prior_role"] = url(f"roles/{source.role_id}")
    return body


def _named(reference: Domain | Group | Project | Role | User) -> dict[str, Any]:
    body: dict[str, Any] = {"id": reference.id, "name": reference.name}
    # Roles have a domain only if they are its own.
    domain = None if isinstance(reference, Domain) else reference.domain
    if domain is not None:
        body["domain"] = {"id": domain.id, "name": domain.name}
    return body


def _address(source: Assignment) -> str:
    """Return the URL of a stored assignment, which DELETE revokes."""
    actor = f"users/{source.user_id}" if source.user_id else f"groups/{source.group_id}"
    if source.project_id:
        place = f"projects/{source.project_id}"
    else:
        place = f"domains/{source.domain_id}" if source.domain_id else "system"
    path = f"{place}/{actor}/roles/{source.role_id}"
    return url(f"OS-INHERIT/{path}/inherited_to_projects" if source.inherited else path)
