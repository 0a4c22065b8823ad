"""`/role_assignments`: as written, or `effective`; with names, if asked."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.base import IdentityView, listed, url
from accounts.api.schemas import role_assignments as schemas
from accounts.errors import BadInput
from accounts.models import Group, Project, User
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
        asked = request.query_params
        is_effective = _flag(asked, "effective")
        if asked.get("user.id") and asked.get("group.id"):
            raise BadInput(fields={"group.id": _("Ask for a user or for a group, not for both.")})
        if is_effective and asked.get("group.id"):
            raise BadInput(fields={"group.id": _("Effective assignments are those of users.")})
        named = _flag(asked, "include_names")
        if is_effective:
            user = asked.get("user.id")
            rows = assignments.effective(self.context, user_id=user if is_text(user) else None)
            found = [row for row in rows if _fits(row, asked)]
        else:
            found = assignments.all_for_admin(self.context, _condition(asked))
        page = Page(rows=found, more=False)
        return listed(request, "role_assignments", page, lambda row: _show(row, named, is_effective))


def _flag(asked: Any, name: str) -> bool:
    """Named is enough, unless it says no."""
    return name in asked and (asked[name] == "" or inputs.flag(asked, name, True))


def _condition(asked: Any) -> Q:
    """Return what the query string asks of assignments as they are written."""
    where = Q()
    for name, column in _COLUMNS.items():
        if name in asked:
            where &= Q(**{column: asked[name]}) if is_text(asked[name]) else Q(pk__in=[])
    if "scope.system" in asked:
        where &= Q(project=None, domain=None)
    if f"scope.{INHERITED}" in asked:
        where &= Q(inherited=True)
    return where


def _fits(row: Effective, asked: Any) -> bool:
    """Return the same of assignments that come from others."""
    places = {
        "user.id": row.user,
        "group.id": row.group,
        "role.id": row.role,
        "scope.project.id": row.project,
        "scope.domain.id": row.domain,
    }
    for name, thing in places.items():
        if name in asked and (thing is None or thing.id != asked[name]):
            return False
    if "scope.system" in asked and (row.project or row.domain):
        return False
    return f"scope.{INHERITED}" not in asked or row.inherited


def _show(row: Effective, named: bool, is_effective: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"role": _thing(row.role, named), "scope": _scope(row, named, is_effective)}
    body["links"] = {"assignment": _address(row)}
    if row.user:
        body["user"] = _thing(row.user, named)
        if row.source.group_id:
            body["links"]["membership"] = url(f"groups/{row.source.group_id}/users/{row.user.id}")
    if row.group:
        body["group"] = _thing(row.group, named)
    if row.source.role_id != row.role.id:
        body["links"]["prior_role"] = url(f"roles/{row.source.role_id}")
    return body


def _scope(row: Effective, named: bool, is_effective: bool) -> dict[str, Any]:
    if row.project:
        scope: dict[str, Any] = {"project": _thing(row.project, named)}
    elif row.domain:
        scope = {"domain": _thing(row.domain, named)}
    else:
        scope = {"system": {"all": True}}
    if row.inherited and not is_effective:
        scope[INHERITED] = "projects"
    return scope


def _thing(thing: Any, named: bool) -> dict[str, Any]:
    body = {"id": thing.id}
    if named:
        body["name"] = thing.name
        if isinstance(thing, User | Group | Project):
            body["domain"] = {"id": thing.domain_id, "name": thing.domain.name}
    return body


def _address(row: Effective) -> str:
    """Return the address at which the assignment behind this one is revoked."""
    source = row.source
    actor = f"users/{source.user_id}" if source.user_id else f"groups/{source.group_id}"
    if source.project_id:
        place = f"projects/{source.project_id}"
    else:
        place = f"domains/{source.domain_id}" if source.domain_id else "system"
    path = f"{place}/{actor}/roles/{source.role_id}"
    return url(f"OS-INHERIT/{path}/inherited_to_projects" if source.inherited else path)
