"""Requests for a larger quota, and the administrators' page that decides."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.errors import BadInput
from accounts.models import QuotaRequest
from accounts.services import quota_requests, quotas
from accounts.services.quota_requests import RequestWithUsage
from accounts.services.quotas import Resource, Usage
from portal import amounts, words
from portal.lists import page_number
from portal.quota_offer import quantity
from portal.requests import Request, away, done, is_htmx, live_page, page, toast, with_events

TOPICS = ("quota", "quota-requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request with labels."""

    request: QuotaRequest
    resource: Resource
    may_withdraw: bool = False

    @property
    def amount(self) -> str:
        return quantity(self.resource, self.request.limit)

    @property
    def label(self) -> str | Promise:
        return words.REQUEST[self.request.state]

    @property
    def colour(self) -> str:
        return words.REQUEST_COLOUR[self.request.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine(RequestLine):
    """An open request, with the usage of its project."""

    usage: Usage
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A limit in the form, with the typed text and its error."""

    usage: Usage
    typed: str
    wrong: str

    @property
    def unit(self) -> str:
        """Return the unit of the typed text."""
        return amounts.unit(self.usage.resource)


def make_line(request: QuotaRequest, *, may_withdraw: bool = False) -> RequestLine:
    return RequestLine(
        request=request, resource=quotas.resources[request.resource], may_withdraw=may_withdraw
    )


def ask(request: Request) -> HttpResponse:
    """Show the form with the limits in the address, as a dialog or a page, or send the request."""
    context = request.context
    policy.enforce(context, "quota:ask")
    data = request.POST if request.method == "POST" else request.GET
    texts = {name: data[name] for name in quotas.resources if data.get(name, "").strip()}
    problem: BadInput | None = None
    if request.method == "POST":
        try:
            quota_requests.create(context, amounts.parsed(texts), data.get("reason", ""))
        except BadInput as error:
            problem = error
        else:
            return _answer_sent(request)
    errors = {name: str(text) for name, text in problem.fields.items()} if problem else {}
    values = {
        "fields": [
            Field(usage=usage, typed=texts.get(name, "")[:20], wrong=errors.get(name, ""))
            for usage in (quotas.project_usage(context.project) if context.project else [])
            if (name := usage.resource.name) in data or (usage.left is not None and not texts)
        ],
        "reason": data.get("reason", "")[: quota_requests.LONGEST_SENTENCE],
        "reason_wrong": errors.get("reason", ""),
        "problem": str(problem) if problem and not errors else "",
    }
    # htmx shows nothing of an answer that is an error.
    status = 400 if problem and not is_htmx(request) else 200
    parts = {"ask-quota": "quota_requests/form.html"}
    return live_page(request, "quota_requests/ask.html", parts, values, status=status)


def _answer_sent(request: Request) -> HttpResponse:
    message = _("Request sent. Its status is on the overview.")
    if not is_htmx(request):
        return away(request, message, reverse("overview"))
    return with_events(HttpResponse(status=204), toast("success", message), *TOPICS)


@require_safe
def listing(request: Request) -> HttpResponse:
    """Show open requests and decided ones."""
    decided = quota_requests.decided(request.context, number=page_number(request))
    values = {
        "waiting": [
            _make_waiting_line(request_with_usage)
            for request_with_usage in quota_requests.pending(request.context)
        ],
        "decided": [make_line(row) for row in decided],
        "page": decided,
    }
    parts = {"quota-requests": "quota_requests/list.html"}
    return live_page(request, "quota_requests/quota_requests.html", parts, values)


def _make_waiting_line(row: RequestWithUsage) -> WaitingLine:
    resource = row.usage.resource
    return WaitingLine(
        request=row.request, resource=resource, usage=row.usage, more=quantity(resource, row.more)
    )


@require_safe
def waiting(request: Request) -> HttpResponse:
    """Show the badge in the administrators' navigation."""
    policy.enforce(request.context, "quota:write")
    return page(request, "quota_requests/badge.html")


@require_POST
def approve(request: Request, key: str) -> HttpResponse:
    """Approve a request, which sets the limit."""
    line = make_line(quota_requests.approve(request.context, key))
    message = _("%(project)s may use %(wanted)s now.") % {
        "project": line.request.project.name,
        "wanted": line.amount,
    }
    return done(request, message, reverse("quota-requests"), changed=TOPICS)


@require_POST
def refuse(request: Request, key: str) -> HttpResponse:
    """Refuse a request with a reason."""
    quota_request = quota_requests.refuse(request.context, key, request.POST.get("answer", ""))
    message = _("Declined the request of %(project)s.") % {"project": quota_request.project.name}
    return done(request, message, reverse("quota-requests"), changed=TOPICS)


@require_POST
def withdraw(request: Request, key: str) -> HttpResponse:
    """Withdraw one's own request."""
    quota_requests.withdraw(request.context, key)
    return done(request, _("Withdrawn. Nobody decides on it any more."), reverse("overview"), changed=TOPICS)
