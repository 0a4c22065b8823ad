"""The history of operations, step by step."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import keyset, policy
from compute.engine.actions import retrying
from compute.engine.models import Operation
from compute.engine.services import operations_log
from portal.activity_entries import make_entries
from portal.lists import by_key
from portal.requests import Request, done, live_page, page


@require_safe
def activity(request: Request) -> HttpResponse:
    """Show the project's operations, newest first; to administrators, those of all projects if asked."""
    everywhere = "all" in request.GET
    before = keyset.parse(request.GET.get("before", ""), Operation)
    part = operations_log.recent(request.context, before=before, all_projects=everywhere)
    values = {"entries": make_entries(part), "everywhere": everywhere, "show_instance": True}
    values |= by_key(request, part) | {"may_retry": policy.allows(request.context, "operation:retry")}
    return live_page(request, "activity/activity.html", {"activity": "activity/list.html"}, values)


@require_safe
def in_progress(request: Request) -> HttpResponse:
    """Show the header's list of running operations."""
    return page(request, "frame/operations.html")


@require_POST
def retry(request: Request, operation_id: str) -> HttpResponse:
    """Undo a stuck operation again."""
    operation = retrying.retry(request.context, operation_id)
    message = _("Undoing once more: %(name)s") % {"name": operation.subject_name}
    topics = (f"{operation.subject_type}:{operation.subject_id}", "operations")
    return done(request, message, reverse("activity"), changed=topics)
