"""The history of operations, step by step."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts import keyset
from compute.engine.models import Operation
from compute.engine.services import operations_log
from portal.entries import entries
from portal.lists import by_key
from portal.requests import Request, live_page, page


@require_safe
def activity(request: Request) -> HttpResponse:
    """Show the project's operations, newest first; to administrators, those of all projects if asked."""
    everywhere = "all" in request.GET
    before = keyset.parse(request.GET.get("before", ""), Operation)
    part = operations_log.recent(request.context, before=before, all_projects=everywhere)
    values = {"entries": entries(part), "everywhere": everywhere, "show_instance": True} | by_key(
        request, part
    )
    return live_page(request, "activity/activity.html", {"activity": "activity/list.html"}, values)


@require_safe
def in_progress(request: Request) -> HttpResponse:
    """Show the header's list of running operations."""
    return page(request, "frame/operations.html")
