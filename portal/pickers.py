"""Pickers of users, groups and scopes: a search field, and its results as buttons.

They work for thousands of users, since only the results are read, and by keyboard, since buttons are buttons.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.models import Domain, Role
from accounts.services import directory, projects, roles, scoping
from accounts.services.roles import LADDER
from portal.requests import Request

MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A result of a search; `value` is what its button sends."""

    value: str
    label: str
    hint: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """The results of a search; `more` is whether others fit too."""

    search: str
    candidates: list[Candidate]
    more: bool


def actors(request: Request) -> Picker:
    """Return users and groups by name; `value` is users/<id> or groups/<id>."""
    context, search = request.context, _search(request)
    if not search:
        return Picker(search="", candidates=[], more=False)
    groups = directory.groups(context, search=search, size=MOST)
    candidates = [
        Candidate(
            value=f"groups/{row.id}", label=row.name, hint=_hint(_("Group"), row.domain.name), icon="users"
        )
        for row in groups
    ]
    users, more = _users(context, search)
    return _picker(search, [*candidates, *users], more=more or groups.has_next())


def users(request: Request) -> Picker:
    """Return users by name; `value` is users/<id>."""
    search = _search(request)
    candidates, more = _users(request.context, search) if search else ([], False)
    return _picker(search, candidates, more=more)


def scopes(request: Request) -> Picker:
    """Return projects, domains and the system; `value` is projects/<id>, domains/<id> or system."""
    context, search = request.context, _search(request)
    if not search:
        return Picker(search="", candidates=[], more=False)
    page = directory.projects(context, search=search, size=MOST)
    candidates = [
        Candidate(
            value=f"projects/{row.id}",
            label=row.name,
            hint=_hint(_("Project"), row.domain.name),
            icon="folder",
        )
        for row in page
    ]
    candidates += [
        Candidate(value=f"domains/{row.id}", label=row.name, hint=_("Domain"), icon="sitemap")
        for row in directory.domains(context)
        if search.lower() in row.name.lower()
    ]
    if policy.allows(context, "assignment:write") and search.lower() in _("The whole system").lower():
        candidates.append(
            Candidate(value="system", label=_("The whole system"), hint=_("System"), icon="world")
        )
    return _picker(search, candidates, more=page.has_next())


def project_choices(context: Context) -> list[tuple[str, str]]:
    """Return id and label of every project that the user may read, by name. One query."""
    rows = projects.visible_to(context).prefetch_related(None).select_related("domain").order_by("name", "pk")
    return [
        (row.id, row.name if row.domain_id == Domain.DEFAULT_ID else f"{row.name} · {row.domain.name}")
        for row in rows
    ]


def all_roles(context: Context) -> list[Role]:
    """Return all roles: the default ones from the least up, then the others by name. Raise Forbidden."""
    return _in_order(roles.visible_to(context).select_related("domain"))


def grantable_roles(context: Context) -> list[Role]:
    """Return the roles that the user may give, in the same order."""
    return _in_order(scoping.grantable_roles(context))


def _in_order(rows: Iterable[Role]) -> list[Role]:
    order = [*reversed(LADDER)]
    return sorted(
        rows, key=lambda role: (order.index(role.name) if role.name in order else len(order), role.name)
    )


def _users(context: Context, search: str) -> tuple[list[Candidate], bool]:
    page = directory.users(context, search=search, size=MOST)
    candidates = [
        Candidate(
            value=f"users/{row.id}",
            label=row.name,
            hint=_hint(row.email or _("User"), row.domain.name),
            icon="user",
        )
        for row in page
    ]
    return candidates, page.has_next()


def _picker(search: str, candidates: list[Candidate], *, more: bool) -> Picker:
    return Picker(search=search, candidates=candidates[:MOST], more=more or len(candidates) > MOST)


def _search(request: Request) -> str:
    return request.GET.get("find", "")[:255].strip()


def _hint(kind: str, domain: str) -> str:
    return kind if domain == "Default" else f"{kind} · {domain}"
