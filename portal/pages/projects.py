"""Every project's limits and what is used of them, in one table that is edited in place."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.errors import BadInput
from accounts.models import Project
from accounts.services import quotas
from accounts.services.quotas import Resource, Usage
from portal.requests import Request, done, page, toast, with_events

DEFAULTS = "defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table: a project, or (without one) the limits of every project that has none of its own."""

    key: str
    project: Project | None
    cells: list["Cell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One limit; while it is edited, what was typed and what is wrong with it."""

    resource: Resource
    limit: int
    usage: Usage | None
    typed: str = ""
    wrong: str = ""


@require_safe
def table(request: Request) -> HttpResponse:
    """All projects in a constant number of queries; `?edit=` opens one row's limits."""
    policy.enforce(request.context, "project:read")
    lines = _lines()
    editing = request.GET.get("edit", "")
    shown = next((line for line in lines if line.key == request.GET.get("row")), None)
    values: dict[str, Any] = {
        "lines": lines,
        "editing": editing,
        "resources": list(quotas.resources.values()),
    }
    if shown and request.headers.get("HX-Request"):
        return page(
            request, "projects/line.html", values | {"line": shown, "is_edited": shown.key == editing}
        )
    return page(request, "projects/projects.html", values)


@require_POST
def update(request: Request, key: str) -> HttpResponse:
    """Set a project's limits, or the defaults; what is wrong comes back in the row."""
    typed = {name: request.POST[name] for name in quotas.resources if name in request.POST}
    try:
        quotas.update(request.context, None if key == DEFAULTS else key, typed)
    except BadInput as error:
        line = next(line for line in _lines() if line.key == key)
        cells = [
            Cell(
                resource=cell.resource,
                limit=cell.limit,
                usage=cell.usage,
                typed=typed.get(cell.resource.name, ""),
                wrong=str(error.fields.get(cell.resource.name, "")),
            )
            for cell in line.cells
        ]
        values = {"line": Line(key=key, project=line.project, cells=cells), "is_edited": True}
        return page(request, "projects/line.html", values, status=200)
    if not request.headers.get("HX-Request"):
        return done(request, _("Changed the limits."), "/projects/")
    line = next(line for line in _lines() if line.key == key)
    answer = page(request, "projects/line.html", {"line": line, "is_edited": False})
    return with_events(answer, toast("success", _("Changed the limits.")))


def _lines() -> list[Line]:
    """The defaults first, then every project by name."""
    projects = list(Project.objects.select_related("domain").order_by("name"))
    usage = quotas.usage([project.id for project in projects])
    defaults = quotas.limits([DEFAULTS])[DEFAULTS]
    lines = [
        Line(
            key=DEFAULTS,
            project=None,
            cells=[
                Cell(resource=resource, limit=defaults[name], usage=None, typed=str(defaults[name]))
                for name, resource in quotas.resources.items()
            ],
        )
    ]
    for project in projects:
        cells = [
            Cell(resource=one.resource, limit=one.limit, usage=one, typed=str(one.limit))
            for one in usage[project.id]
        ]
        lines.append(Line(key=project.id, project=project, cells=cells))
    return lines
