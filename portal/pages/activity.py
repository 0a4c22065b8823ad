"""Every operation: who, when, step by step, how it ended."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from compute.engine.services import operations_log
from portal.entries import entries
from portal.lists import number
from portal.requests import Request, live_page, page


@require_safe
def activity(request: Request) -> HttpResponse:
    """The project's operations, newest first; administrators may look at all projects' ones."""
    everywhere = "all" in request.GET
    rows = operations_log.recent(request.context, number=number(request), all_projects=everywhere)
    values = {"page": rows, "entries": entries(rows), "everywhere": everywhere, "show_instance": True}
    return live_page(request, "activity/activity.html", {"activity": "activity/list.html"}, values)


@require_safe
def in_progress(request: Request) -> HttpResponse:
    """The header's list of what is being done now."""
    return page(request, "frame/operations.html")
