"""What projects used in a period, by day: a plot, a table, and a CSV file."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import policy
from accounts.errors import BadInput
from accounts.models import Project
from accounts.services import directory
from compute.instances.services import usage_report
from compute.instances.services.usage_report import ProjectUsage
from portal import csv_cells
from portal.forms import Form
from portal.requests import Request, is_htmx, live_page

DAYS = 28
MOST_DAYS = 366
COLUMNS = (
    "day",
    "project",
    "project id",
    "instance hours",
    "vcpu hours",
    "memory mib hours",
    "disk gib hours",
)
"""The file's columns: for machines, so in one language."""


class Period(Form):
    """The days in the address, of UTC, both included. Empty ones are the last four weeks."""

    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def days(self) -> tuple[date, date]:
        """Return the first and the last day. Raise BadInput."""
        if not self.is_valid():
            raise BadInput(fields={name: str(texts[0]) for name, texts in self.errors.items()})
        today = timezone.now().date()
        last = min(self.cleaned_data["until"] or today, today)
        first = self.cleaned_data["since"] or last - timedelta(days=DAYS - 1)
        if first > last:
            raise BadInput(fields={"since": _("The start must be before the end.")})
        if (last - first).days >= MOST_DAYS:
            raise BadInput(fields={"since": _("Choose at most %(most)s days.") % {"most": MOST_DAYS}})
        return first, last


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """A project's usage in the whole period; without a project, of all of them."""

    project: Project | None
    usage: ProjectUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day of the plot: vCPU hours of all projects, the bar's height and place in percent."""

    day: date
    hours: float
    height: float
    left: float

    @property
    def top(self) -> float:
        return 100 - self.height


@require_safe
def report(request: Request) -> HttpResponse:
    """Show the usage of all projects in a period."""
    policy.enforce(request.context, "usage:read_all")
    query = request.GET if request.GET.keys() & Period.base_fields.keys() else {}
    form, problem = Period(query), ""
    rows: list[UsageRow] = []
    bars: list[Bar] = []
    try:
        first, last = form.days()
    except BadInput as error:
        problem = " ".join(f"{form.fields[name].label}: {text}" for name, text in error.fields.items())
    else:
        form = Period({"since": first.isoformat(), "until": last.isoformat()})
        usage = usage_report.daily(request.context, first, last)
        rows, bars = _rows(request, usage), _bars(first, usage)
    values = {
        "form": form,
        "problem": problem,
        "rows": rows,
        "total": UsageRow(project=None, usage=_sum([row.usage for row in rows])),
        "bars": bars,
        "width": 100 / max(len(bars), 1),
        "query": request.GET.urlencode(),
    }
    status = 400 if problem and not is_htmx(request) else 200
    return live_page(request, "usage/usage.html", {"usage": "usage/table.html"}, values, status=status)


@require_safe
def download(request: Request) -> HttpResponse:
    """Send the usage of each project on each day as CSV."""
    policy.enforce(request.context, "usage:read_all")
    first, last = Period(request.GET).days()
    usage = usage_report.daily(request.context, first, last)
    projects = directory.projects_by_id(request.context, usage)
    cells = [
        (first + timedelta(days=at), projects[key].name if key in projects else "", key, *_figures(day))
        for key, days in usage.items()
        for at, day in enumerate(days)
        if day.hours
    ]
    content = csv_cells.MARK + csv_cells.lines([COLUMNS, *sorted(cells)])
    headers = {"Content-Disposition": 'attachment; filename="usage.csv"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _figures(usage: ProjectUsage) -> tuple[str, ...]:
    return tuple(
        f"{figure:.3f}" for figure in (usage.hours, usage.vcpu_hours, usage.mib_hours, usage.gib_hours)
    )


def _rows(request: Request, usage: dict[str, list[ProjectUsage]]) -> list[UsageRow]:
    """Return a row for each project, the greatest first."""
    projects = directory.projects_by_id(request.context, usage)
    rows = [
        UsageRow(project=projects[key], usage=_sum(days)) for key, days in usage.items() if key in projects
    ]
    return sorted(rows, key=lambda row: (-row.usage.vcpu_hours, str(row.project)))


def _bars(first: date, usage: dict[str, list[ProjectUsage]]) -> list[Bar]:
    days = [sum(day.vcpu_hours for day in column) for column in zip(*usage.values(), strict=True)]
    most = max(days, default=0)
    return [
        Bar(
            day=first + timedelta(days=at),
            hours=hours,
            height=100 * hours / most if most else 0,
            left=100 * at / len(days),
        )
        for at, hours in enumerate(days)
    ]


def _sum(parts: list[ProjectUsage]) -> ProjectUsage:
    def add(left: ProjectUsage, right: ProjectUsage) -> ProjectUsage:
        return ProjectUsage(
            hours=left.hours + right.hours,
            vcpu_hours=left.vcpu_hours + right.vcpu_hours,
            mib_hours=left.mib_hours + right.mib_hours,
            gib_hours=left.gib_hours + right.gib_hours,
        )

    return reduce(add, parts, ProjectUsage())
