"""Every operation: who, when, step by step, how it ended."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.engine.actions import retrying
from compute.engine.services import operations_log
from portal.entries import entries
from portal.lists import number
from portal.requests import Request, done, live_page, page


@require_safe
def activity(request: Request) -> HttpResponse:
    """The project's operations, newest first; administrators may look at all projects' ones."""
    everywhere = "all" in request.GET
    rows = operations_log.recent(request.context, number=number(request), all_projects=everywhere)
    values = {"page": rows, "entries": entries(rows), "everywhere": everywhere, "show_instance": True}
    values["may_retry"] = policy.allows(request.context, "operation:retry")
    return live_page(request, "activity/activity.html", {"activity": "activity/list.html"}, values)


@require_safe
def in_progress(request: Request) -> HttpResponse:
    """The header's list of what is being done now."""
    return page(request, "frame/operations.html")


@require_POST
def retry(request: Request, operation_id: str) -> HttpResponse:
    """Undo a stuck operation once more."""
    operation = retrying.retry(request.context, operation_id)
    said = _("Undoing once more: %(name)s") % {"name": operation.subject_name}
    topics = (f"{operation.subject_type}:{operation.subject_id}", "operations")
    return done(request, said, reverse("activity"), changed=topics)
