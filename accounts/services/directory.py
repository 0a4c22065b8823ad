"""Pages of projects, users and groups for administrators: searched, filtered and sorted."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Count, Model, Q, QuerySet

from accounts.context import Context
from accounts.models import Domain, Group, Project, ProjectTag, User
from accounts.names import is_text
from accounts.services import lockouts, quotas, scoping

SIZE = 50
SORTS = {"name": ("name", "id"), "domain": ("domain__name", "name", "id"), "created": ("created_at", "id")}
Row = TypeVar("Row", bound=Model)


def projects(
    context: Context,
    *,
    search: str = "",
    state: str = "",
    domain: str = "",
    sort: str = "",
    number: int = 1,
    size: int = SIZE,
) -> "Page[Project]":
    """Return a page of projects with their domains. Raise Forbidden.

    `search` is part of a name, description or tag, or a whole id; `state` is enabled or disabled. `sort` may also
    be a resource, by its usage. Unknown filters and sorts are ignored.
    """
    rows = scoping.rows_within(context, "project:read", Project.objects.select_related("domain"))
    tagged = Q(pk__in=ProjectTag.objects.filter(name__icontains=search.strip()).values("project"))
    rows = _matching(rows, search, "name", "description", further=tagged)
    rows = _in_domain(_in_state(rows, state), domain)
    if sort.removeprefix("-") in quotas.resources:
        return _by_usage(rows, sort, number, size)
    return Paginator(_sorted(rows, sort), size).get_page(number)


def projects_by_id(context: Context, ids: Iterable[str]) -> dict[str, Project]:
    """Return {id: project} of those that the asker may read. Raise Forbidden. One query."""
    rows = scoping.rows_within(context, "project:read", Project.objects.all())
    return {project.id: project for project in rows.filter(pk__in=list(ids))}


def users(
    context: Context,
    *,
    search: str = "",
    state: str = "",
    domain: str = "",
    sort: str = "",
    number: int = 1,
    size: int = SIZE,
) -> "Page[User]":
    """Return a page of users with their domains; `state` may also be locked. Raise Forbidden."""
    rows = scoping.rows_within(context, "user:read", User.objects.select_related("domain"))
    rows = _in_domain(_in_state(_matching(rows, search, "name", "email", "description"), state), domain)
    if state == "locked":
        rows = lockouts.unscoped_locked_users(rows)
    return Paginator(_sorted(rows, sort), size).get_page(number)


def groups(
    context: Context, *, search: str = "", domain: str = "", sort: str = "", number: int = 1, size: int = SIZE
) -> "Page[Any]":
    """Return a page of groups with their domains and `member_count`. Raise Forbidden."""
    rows = scoping.rows_within(context, "group:read", Group.objects.select_related("domain"))
    rows = rows.annotate(member_count=Count("members"))
    rows = _in_domain(_matching(rows, search, "name", "description"), domain)
    if sort.removeprefix("-") == "members":
        rows = rows.order_by("-member_count" if sort.startswith("-") else "member_count", "name", "id")
    else:
        rows = _sorted(rows, "" if sort.endswith("created") else sort)
    return Paginator(rows, size).get_page(number)


def domains(context: Context, rule: str = "domain:read") -> list[Domain]:
    """Return the domains that the rule reaches, sorted by name; there are few. Raise Forbidden."""
    return list(scoping.rows_within(context, rule, Domain.objects.all()))


def _matching(rows: QuerySet[Row], search: str, *columns: str, further: Q | None = None) -> QuerySet[Row]:
    search = search.strip()
    if not search:
        return rows
    if not is_text(search):
        return rows.none()
    condition = reduce(or_, (Q(**{f"{column}__icontains": search}) for column in columns), Q(pk=search))
    return rows.filter(condition | further if further else condition)


def _in_state(rows: QuerySet[Row], state: str) -> QuerySet[Row]:
    return rows.filter(enabled=state == "enabled") if state in {"enabled", "disabled"} else rows


def _in_domain(rows: QuerySet[Row], domain: str) -> QuerySet[Row]:
    return rows.filter(domain=domain) if is_text(domain, 64) else rows


def _sorted(rows: QuerySet[Row], sort: str) -> QuerySet[Row]:
    columns = SORTS.get(sort.removeprefix("-"), SORTS["name"])
    first, *rest = columns
    backwards = sort.startswith("-") and sort.removeprefix("-") in SORTS
    return rows.order_by(f"-{first}" if backwards else first, *rest)


def _by_usage(rows: QuerySet[Project], sort: str, number: int, size: int) -> "Page[Project]":
    """Return a page sorted by usage. Other apps count it, so the ids are sorted here."""
    ids = list(rows.order_by("name", "id").values_list("pk", flat=True))
    resource = sort.removeprefix("-")
    used = quotas.count(ids, names={resource})[resource]
    ids.sort(key=lambda key: used.get(key, 0), reverse=sort.startswith("-"))
    page: Page[Any] = Paginator(ids, size).get_page(number)
    by_id = rows.in_bulk(list(page.object_list))
    page.object_list = [by_id[key] for key in page.object_list]
    return page
