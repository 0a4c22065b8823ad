"""The audit log, as a page and as a CSV file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import keyset, policy
from accounts.context import Context
from accounts.errors import BadInput
from accounts.keyset import Part
from accounts.models import AuditEvent
from accounts.services import audit_log
from accounts.services.audit_log import Filters, Line
from portal import csv_cells, words
from portal.forms import Form
from portal.lists import by_key
from portal.requests import Request, is_htmx, live_page

FURTHER = ("project", "address", "outcome", "since", "until")
"""Filters that are folded until they are wanted."""

OUTCOMES = {
    "requested": (_("Started"), "blue"),
    "succeeded": (_("Done"), "green"),
    "failed": (_("Failed"), "red"),
    "refused": (_("Refused"), "yellow"),
}
COLUMNS = (
    "time",
    "user",
    "user id",
    "action",
    "target type",
    "target",
    "target id",
    "project",
    "project id",
    "outcome",
    "address",
    "request",
    "detail",
)
"""The file's columns: for machines, so in one language."""


class Filter(Form):
    """The filters in the address. Days are of UTC, and `until` is included."""

    further = FURTHER

    who = forms.CharField(label=_("User"), required=False, max_length=255)
    action = forms.CharField(label=_("Action"), required=False, max_length=64)
    target = forms.CharField(label=_("Target"), required=False, max_length=255)
    project = forms.CharField(label=_("Project"), required=False, max_length=64)
    address = forms.CharField(label=_("Address"), required=False, max_length=45)
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("Any")), *((name, label) for name, (label, _colour) in OUTCOMES.items())],
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def filters(self) -> Filters:
        """Return the filters. Raise BadInput naming each wrong field."""
        if not self.is_valid():
            raise BadInput(fields={name: str(texts[0]) for name, texts in self.errors.items()})
        data = dict(self.cleaned_data)
        since, until = data.pop("since"), data.pop("until")
        return Filters(since=_start(since), until=_start(until, after=timedelta(days=1)), **data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the log, with labels."""

    event: AuditEvent
    project: str

    @property
    def label(self) -> str:
        return words.audit_action(self.event.action)

    @property
    def outcome(self) -> object:
        return OUTCOMES[self.event.outcome][0]

    @property
    def colour(self) -> str:
        return OUTCOMES[self.event.outcome][1]

    @property
    def detail(self) -> str:
        return " · ".join(f"{name}: {_words(value)}" for name, value in self.event.detail.items() if value)


def _words(value: object) -> str:
    """Return a value for people: an error's own sentence, the entries of a list, the pairs of an object."""
    if isinstance(value, dict):
        pairs = (f"{name} {_words(inner)}" for name, inner in value.items())
        return str(value["message"]) if "message" in value else ", ".join(pairs)
    return ", ".join(map(_words, value)) if isinstance(value, list) else str(value)


@require_safe
def log(request: Request) -> HttpResponse:
    """Show one page of the log; filters and key stand in the address."""
    policy.enforce(request.context, "audit:read")
    form, problem, rows = Filter(request.GET), "", []
    part: Part[AuditEvent] = Part(rows=[], older=None)
    try:
        before = keyset.parse(request.GET.get("before", ""), AuditEvent)
        part = audit_log.read(request.context, form.filters(), before=before)
    except BadInput as error:
        problem = " ".join(f"{form.fields[name].label}: {text}" for name, text in error.fields.items())
    else:
        rows = [Row(event=line.event, project=line.project) for line in audit_log.lines(part.rows)]
    values = {
        "form": form,
        "problem": problem,
        "rows": rows,
        "narrowed": any(request.GET.get(name) for name in form.fields),
        "narrowed_further": any(request.GET.get(name) for name in FURTHER),
        "query": _query(request.GET),
        **by_key(request, part),
    }
    status = 400 if problem and not is_htmx(request) else 200
    return live_page(request, "audit/audit.html", {"audit": "audit/table.html"}, values, status=status)


@require_safe
def download(request: Request) -> StreamingHttpResponse:
    """Send all events that fit the filters as CSV, written while they are read."""
    policy.enforce(request.context, "audit:read")
    content = _csv(request.context, Filter(request.GET).filters())
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _csv(context: Context, filters: Filters) -> Iterator[str]:
    yield csv_cells.MARK + csv_cells.lines([COLUMNS])
    for lines in audit_log.chunks(context, filters):
        yield csv_cells.lines(_cells(line) for line in lines)


def _cells(line: Line) -> list[object]:
    event = line.event
    return [
        event.at.isoformat(timespec="milliseconds"),
        event.user_name,
        event.user_id,
        event.action,
        event.target_type,
        event.target_name,
        event.target_id,
        line.project,
        event.project_id,
        event.outcome,
        event.address,
        event.request_id,
        json.dumps(event.detail, ensure_ascii=False),
    ]


def _start(day: date | None, after: timedelta = timedelta(0)) -> datetime | None:
    """Return the midnight that begins the day, plus `after`; None beyond the calendar's end."""
    if day is None or day > date.max - after:
        return None
    return datetime.combine(day + after, time.min, tzinfo=UTC)


def _query(query: QueryDict) -> str:
    """Return the present filters as a query string, without empty ones."""
    return urlencode({name: query[name] for name in Filter.base_fields if query.get(name)})
