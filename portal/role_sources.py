"""Roles of a user by scope: where each comes from, and whether it can be revoked right there."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Assignment, Domain, Project
from accounts.services.assignments import Effective
from accounts.services.roles import LADDER


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSource:
    """A role and where it comes from; `source` is set only if it can be revoked here."""

    role: str
    text: str
    url: str
    source: Assignment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A project, a domain or the system, with the roles that a user has on it."""

    kind: str
    name: str
    domain: str
    url: str
    sources: list[RoleSource]


def group_by_scope(rows: Iterable[Effective]) -> list[Scope]:
    """Return the roles of one user by scope: the system, then domains, then projects by name."""
    rows_by_scope: dict[tuple[int, str, str], list[Effective]] = {}
    for row in rows:
        rows_by_scope.setdefault(_key(row), []).append(row)
    return [_scope(group) for _scope_key, group in sorted(rows_by_scope.items())]


def describe_origin(source: Assignment, project: Project | None) -> tuple[str, str]:
    """Return where an assignment comes from as seen on `project`, in words, and the address of its page.

    Both are empty if it is written for the user on the scope itself.
    """
    if source.project is not None and source.project != project:
        words = _("from the project %(name)s above") % {"name": source.project.name}
        return words, reverse("project", args=[source.project.id])
    if source.inherited and source.domain is not None:
        return _("from the domain %(name)s") % {"name": source.domain.name}, reverse("domains")
    return "", ""


def _key(row: Effective) -> tuple[int, str, str]:
    target = row.project or row.domain
    order = 2 if row.project else 1 if row.domain else 0
    return (order, target.name if target else "", target.id if target else "")


def _scope(rows: list[Effective]) -> Scope:
    first = rows[0]
    target: Project | Domain | None = first.project or first.domain
    sources = sorted(
        (_role_source(row) for row in rows), key=lambda source: (_rank(source.role), source.role, source.text)
    )
    return Scope(
        kind="project" if first.project else "domain" if first.domain else "system",
        name=target.name if target else _("The whole system"),
        domain=first.project.domain.name if first.project else "",
        url=reverse("project", args=[first.project.id]) if first.project else "",
        sources=sources,
    )


def _role_source(row: Effective) -> RoleSource:
    """Return one source. It may join several reasons: implied, through a group, inherited."""
    source = row.source
    texts, url = [], ""
    if row.role != source.role:
        texts.append(_("implied by %(role)s") % {"role": source.role.name})
    if source.group is not None:
        texts.append(_("through the group %(name)s") % {"name": source.group.name})
        url = reverse("group", args=[source.group.id])
    if row.inherited:
        text, origin_url = describe_origin(source, row.project)
        texts.append(text)
        url = url or origin_url
    is_own = not texts
    return RoleSource(
        role=row.role.name,
        text=", ".join(texts) or _("given here"),
        url=url,
        source=source if is_own else None,
    )


def _rank(role: str) -> int:
    """Return the position of a role: default roles from the strongest down, then all others."""
    return LADDER.index(role) if role in LADDER else len(LADDER)
