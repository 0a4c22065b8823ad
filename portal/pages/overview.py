"""The first page: usage, instances and recent operations."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts import policy
from accounts.services import quota_requests, quotas
from compute.engine.actions import registry
from compute.engine.services import operations_log
from compute.hosts.models import Hypervisor
from compute.instances.services import instances, upcoming
from portal.activity_entries import make_entries
from portal.pages.quota_requests import make_line
from portal.requests import Request, live_page, page

RECENT = 6
UPCOMING = 5


@require_safe
def overview(request: Request) -> HttpResponse:
    """Show usage and counts of the present project, and its latest operations."""
    context = request.context
    if context.project is None and policy.allows(context, "hypervisor:read"):
        return redirect("cloud")
    if context.project is None or not policy.allows(context, "instance:read"):
        return page(request, "overview/no_project.html")
    counts = instances.counts(context)
    values = {
        "usages": sorted(
            quotas.project_usage(context.project), key=lambda usage: usage.percent, reverse=True
        ),
        "requests": [
            make_line(quota_request, may_withdraw=quota_requests.may_withdraw(context, quota_request))
            for quota_request in quota_requests.project_requests(context)
        ],
        "counts": counts,
        "in_bin": instances.count_in_recycle_bin(context),
        "upcoming": [(_upcoming_action(row.verb), row) for row in upcoming.listing(context, size=UPCOMING)],
        "entries": make_entries(operations_log.recent(context, size=RECENT)),
        "emulation": _emulation(),
    }
    parts = {"overview": "overview/content.html"}
    return live_page(request, "overview/overview.html", parts, values)


def _upcoming_action(verb: str) -> tuple[str, str]:
    """Return the label and the icon of what will happen."""
    if verb == upcoming.EXPIRY:
        return gettext("Expires"), "calendar-time"
    action = registry.actions()[f"instance.{verb}"]
    return str(action.label), action.icon


def _emulation() -> str:
    """Return why guests are emulated, which makes them many times slower; empty if they are not."""
    slow = Hypervisor.objects.filter(virt_type="qemu").first()
    return (gettext(slow.virt_reason) if slow.virt_reason else slow.name) if slow else ""
