"""Limits and usage as the table of projects shows them, one line a project."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from accounts import policy
from accounts.context import Context
from accounts.models import Project
from accounts.services import inputs, limits, projects, quotas
from accounts.services.quotas import Resource, Usage
from portal import amounts

DEFAULTS = "defaults"
MAIN = ("instances", "cores", "ram", "gigabytes")
"""Resources with columns in the table of projects. All others stand on the project's own page and in the form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A limit; while it is edited, with the typed text and its error."""

    resource: Resource
    limit: int
    usage: Usage | None
    typed: str = ""
    wrong: str = ""

    @property
    def unit(self) -> str:
        """Return the unit of the typed text."""
        return amounts.unit(self.resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table: a project, or without one the default limits."""

    key: str
    project: Project | None
    cells: list[Cell]

    @property
    def main_cells(self) -> list[Cell]:
        """Return the cells that have columns in the table."""
        return [cell for cell in self.cells if cell.resource.name in MAIN]

    def typed(self, texts: Mapping[str, str], errors: Mapping[str, object]) -> "Line":
        """Return the line with the typed texts and their errors."""
        cells = [
            replace(
                cell,
                typed=texts.get(cell.resource.name, cell.typed),
                wrong=str(errors.get(cell.resource.name, "")),
            )
            for cell in self.cells
        ]
        return replace(self, cells=cells)


def defaults(context: Context) -> Line:
    """Return the line of the default limits. One query."""
    cells = [
        Cell(resource=row.resource, limit=row.limit, usage=None, typed=amounts.typed(row.limit, row.resource))
        for row in limits.list_own(context)
    ]
    return Line(key=DEFAULTS, project=None, cells=cells)


def lines(rows: Iterable[Project]) -> list[Line]:
    """Return a line for each project, in a constant number of queries."""
    projects_of_page = list(rows)
    usage = quotas.usage([project.id for project in projects_of_page])
    return [
        Line(
            key=project.id,
            project=project,
            cells=[
                Cell(
                    resource=usage_of_resource.resource,
                    limit=usage_of_resource.limit,
                    usage=usage_of_resource,
                    typed=amounts.typed(usage_of_resource.limit, usage_of_resource.resource),
                )
                for usage_of_resource in usage[project.id]
            ],
        )
        for project in projects_of_page
    ]


def line(context: Context, key: str) -> Line:
    """Return the line of one project or of the defaults. Raise Forbidden, NotFound."""
    policy.enforce_somewhere(context, "project:read")
    if key == DEFAULTS:
        return defaults(context)
    return lines(
        [inputs.get_or_404(projects.all_for_admin(context).select_related("domain"), key, "project")]
    )[0]
