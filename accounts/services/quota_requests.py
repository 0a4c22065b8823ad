"""Requests for a larger quota, and the decisions on them.

Every change of a project's requests holds the project's lock, so that of two decisions the second reads the first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden
from accounts.models import Project, Quota, QuotaRequest
from accounts.names import clean_name
from accounts.services import announcements, audit, inputs, quotas
from accounts.services.quotas import Usage

State = QuotaRequest.State
LONGEST_SENTENCE = 500
RECENT = timedelta(days=7)
"""How long a project's overview shows decided requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWithUsage:
    """A request with the present usage of its project."""

    request: QuotaRequest
    usage: Usage

    @property
    def more(self) -> int:
        """Return by how much the limit would grow, in the resource's unit."""
        return max(self.request.limit - self.usage.limit, 0)


@transaction.atomic
def create(context: Context, changes: Mapping[str, object], reason: object = "") -> list[QuotaRequest]:
    """Create requests for the limits {resource: limit} of the context's project, in place of open ones.

    Raise Forbidden, or BadInput naming each wrong field; then nothing is changed.
    """
    policy.enforce(context, "quota:ask")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    project = Project.objects.select_for_update(no_key=True).get(pk=context.project.pk)
    limits = _parse_increases(changes, quotas.limits([project.id])[project.id])
    reason = _sentence(reason, "reason")
    now = timezone.now()
    present = QuotaRequest.objects.filter(project=project, resource__in=limits, state=State.OPEN)
    present.update(state=State.REPLACED, decided_at=now)
    requests = [
        QuotaRequest.objects.create(
            project=project, user=context.user, resource=name, limit=limit, reason=reason
        )
        for name, limit in limits.items()
    ]
    for request in requests:
        audit.record(context, "quota_request.create", request, **_detail(request, reason))
    announcements.changed(project.id, "quota", "quota-requests")
    return requests


@transaction.atomic
def approve(context: Context, key: str) -> QuotaRequest:
    """Set the requested limit, unless the present one is larger by now. Raise Forbidden, NotFound, Conflict."""
    request = _lock_open(context, key)
    limit = quotas.limits([request.project_id])[request.project_id].get(request.resource)
    if limit is not None and Quota.UNLIMITED < limit < request.limit:
        quotas.update(context, request.project_id, {request.resource: request.limit})
    return _decide(context, request, State.APPROVED, "quota_request.approve", "")


@transaction.atomic
def refuse(context: Context, key: str, answer: object) -> QuotaRequest:
    """Refuse the request with a reason for the project. Raise Forbidden, NotFound, Conflict, BadInput."""
    request = _lock_open(context, key)
    answer = _sentence(answer, "answer")
    if not answer:
        raise BadInput(fields={"answer": _("Say why, in a sentence.")})
    return _decide(context, request, State.REFUSED, "quota_request.refuse", answer)


@transaction.atomic
def withdraw(context: Context, key: str) -> QuotaRequest:
    """Withdraw a request: one's own, or any as a manager. Raise Forbidden, NotFound, Conflict."""
    policy.enforce(context, "quota:ask")
    request = inputs.get_or_404(QuotaRequest.objects.filter(project=context.project), key, "quota request")
    request = _locked(request)
    if not may_withdraw(context, request):
        raise Forbidden(_("Only who asked, or a manager, can withdraw this request."))
    return _decide(context, request, State.WITHDRAWN, "quota_request.withdraw", "")


def may_withdraw(context: Context, request: QuotaRequest) -> bool:
    """Return whether the user may withdraw the request, which must be open."""
    is_own = request.user_id == context.user.id and policy.allows(context, "quota:ask")
    return request.state == State.OPEN and (is_own or policy.allows(context, "quota:withdraw"))


def pending(context: Context) -> list[RequestWithUsage]:
    """Return every project's open requests, oldest first. One query, and those of `quotas.usage`. Raise Forbidden."""
    policy.enforce(context, "quota:write")
    rows = _unscoped(State.OPEN).select_related("project", "user").order_by("created_at", "id")[:200]
    return _with_usage(rows)


def decided(context: Context, *, number: int = 1, size: int = 25) -> "Page[QuotaRequest]":
    """Return a page of every project's approved and refused requests, latest first. Two queries. Raise Forbidden."""
    policy.enforce(context, "quota:write")
    rows = _unscoped(State.APPROVED, State.REFUSED).select_related("project", "user", "decided_by")
    return Paginator(rows.order_by("-decided_at", "id"), size).get_page(number)


def count(context: Context) -> int:
    """Return the number of open requests. Raise Forbidden."""
    policy.enforce(context, "quota:write")
    return _unscoped(State.OPEN).count()


def project_requests(context: Context) -> list[QuotaRequest]:
    """Return the project's open and recently decided requests, latest first. One query. Raise Forbidden."""
    policy.enforce(context, "quota:read")
    recent = Q(state=State.OPEN) | Q(decided_at__gt=timezone.now() - RECENT)
    rows = _unscoped(State.OPEN, State.APPROVED, State.REFUSED).filter(recent, project=context.project)
    return list(rows.select_related("user", "decided_by").order_by("-created_at", "id")[:8])


def open_limits(project: Project) -> dict[str, int]:
    """Return {resource: limit} of the project's open requests. One query."""
    return dict(_unscoped(State.OPEN).filter(project=project).values_list("resource", "limit"))


def _unscoped(*states: str) -> "QuerySet[QuotaRequest]":
    return QuotaRequest.objects.filter(resource__in=quotas.resources, state__in=states)


def _with_usage(rows: Iterable[QuotaRequest]) -> list[RequestWithUsage]:
    requests = list(rows)
    usage = quotas.usage({request.project_id for request in requests}) if requests else {}
    by_name = {(project_id, row.resource.name): row for project_id, usages in usage.items() for row in usages}
    return [
        RequestWithUsage(request=request, usage=by_name[request.project_id, request.resource])
        for request in requests
    ]


def _parse_increases(changes: Mapping[str, object], present: Mapping[str, int]) -> dict[str, int]:
    """Return the limits as numbers. Raise BadInput unless each is larger than the present one."""
    wrong: dict[str, str] = {}
    limits: dict[str, int] = {}
    for name, limit in changes.items():
        value = quotas.whole_number(limit)
        if name not in present:
            wrong[name] = _("There is no quota of this name.")
        elif present[name] == Quota.UNLIMITED:
            wrong[name] = _("This has no limit; there is nothing to ask for.")
        elif value is None or not present[name] < value <= quotas.LARGEST:
            wrong[name] = _("Give a whole number from %(least)s to %(largest)s.") % {
                "least": present[name] + 1,
                "largest": f"{quotas.LARGEST} {quotas.resources[name].unit}".strip(),
            }
        else:
            limits[name] = value
    if wrong:
        raise BadInput(fields=wrong)
    if not limits:
        raise BadInput(_("Say of what you need more."))
    return limits


def _sentence(value: object, field: str) -> str:
    """Return one line of text, which may be empty. Raise BadInput naming `field`."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    return clean_name(value, field=field, longest=LONGEST_SENTENCE)


def _lock_open(context: Context, key: str) -> QuotaRequest:
    """Return the locked request. Raise Forbidden, NotFound, Conflict."""
    policy.enforce(context, "quota:write")
    return _locked(inputs.get_or_404(QuotaRequest.objects.all(), key, "quota request"))


def _locked(request: QuotaRequest) -> QuotaRequest:
    """Return the request under its project's lock. Raise Conflict naming who decided first."""
    Project.objects.select_for_update(no_key=True).get(pk=request.project_id)
    request = QuotaRequest.objects.select_related("project", "decided_by").get(pk=request.pk)
    name = request.decided_by.name if request.decided_by else _("somebody")
    match request.state:
        case State.APPROVED:
            raise Conflict(_("%(who)s has approved this request already.") % {"who": name})
        case State.REFUSED:
            raise Conflict(_("%(who)s has refused this request already.") % {"who": name})
        case State.REPLACED:
            raise Conflict(_("The project has asked anew since; decide on the newer request."))
        case State.WITHDRAWN:
            raise Conflict(_("%(who)s has withdrawn this request already.") % {"who": name})
    return request


def _decide(
    context: Context, request: QuotaRequest, state: QuotaRequest.State, action: str, answer: str
) -> QuotaRequest:
    request.state, request.answer = state, answer
    request.decided_by, request.decided_at = context.user, timezone.now()
    request.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    audit.record(context, action, request, **_detail(request, answer))
    announcements.changed(request.project_id, "quota", "quota-requests")
    return request


def _detail(request: QuotaRequest, sentence: str) -> dict[str, Any]:
    return {"limit": request.limit} | ({"sentence": sentence} if sentence else {})
