"""Roles as pages show them: where each comes from, and whether it can be taken away right there."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Assignment, Domain, Project
from accounts.services.assignments import Effective
from accounts.services.roles import LADDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One role and how it comes about; `source` is given only where it can be taken away in place."""

    role: str
    text: str
    url: str
    source: Assignment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project, a domain or the whole system, with the roles that a user has there."""

    kind: str
    name: str
    domain: str
    url: str
    ways: list[Way]


def places(rows: Iterable[Effective]) -> list[Place]:
    """The roles of one user by place: the system first, then domains, then projects by name."""
    by_place: dict[tuple[int, str, str], list[Effective]] = {}
    for row in rows:
        by_place.setdefault(_key(row), []).append(row)
    return [_place(group) for _place_key, group in sorted(by_place.items())]


def whence(source: Assignment, project: Project | None) -> tuple[str, str]:
    """Where a written role comes from as seen on `project`, in words, and the page on which it stands.

    Both are empty where it is written on the place itself, for the user.
    """
    if source.project is not None and source.project != project:
        words = _("from the project %(name)s above") % {"name": source.project.name}
        return words, reverse("project", args=[source.project.id])
    if source.inherited and source.domain is not None:
        return _("from the domain %(name)s") % {"name": source.domain.name}, reverse("domains")
    return "", ""


def _key(row: Effective) -> tuple[int, str, str]:
    place = row.project or row.domain
    order = 2 if row.project else 1 if row.domain else 0
    return (order, place.name if place else "", place.id if place else "")


def _place(rows: list[Effective]) -> Place:
    first = rows[0]
    place: Project | Domain | None = first.project or first.domain
    ways = sorted((_way(row) for row in rows), key=lambda way: (_rank(way.role), way.role, way.text))
    return Place(
        kind="project" if first.project else "domain" if first.domain else "system",
        name=place.name if place else _("The whole system"),
        domain=first.project.domain.name if first.project else "",
        url=reverse("project", args=[first.project.id]) if first.project else "",
        ways=ways,
    )


def _way(row: Effective) -> Way:
    """Words for one way; several reasons may come together: implied, through a group, inherited."""
    source = row.source
    texts, url = [], ""
    if row.role != source.role:
        texts.append(_("implied by %(role)s") % {"role": source.role.name})
    if source.group is not None:
        texts.append(_("through the group %(name)s") % {"name": source.group.name})
        url = reverse("group", args=[source.group.id])
    if row.inherited:
        text, place_url = whence(source, row.project)
        texts.append(text)
        url = url or place_url
    is_own = not texts
    return Way(
        role=row.role.name,
        text=", ".join(texts) or _("given here"),
        url=url,
        source=source if is_own else None,
    )


def _rank(role: str) -> int:
    """The default roles from the strongest down, then all others."""
    return LADDER.index(role) if role in LADDER else len(LADDER)
