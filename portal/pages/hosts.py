"""Hosts: what of each is taken, which guests it has, and whether it takes new ones."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.models import Project
from accounts.services import directory
from compute.engine.services import heartbeats
from compute.hosts.services import host_usage, occupants
from portal.host_lines import make_line
from portal.pages import pools
from portal.requests import Request, done, live_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    id: UUID
    name: str
    project: Project | None


@require_safe
def listing(request: Request) -> HttpResponse:
    """Show all hosts with what of each is taken, in a constant number of queries."""
    values = {"lines": [make_line(row) for row in host_usage.listing(request.context)]}
    return live_page(request, "hosts/hosts.html", {"hosts": "hosts/table.html"}, values)


@require_safe
def host(request: Request, hypervisor_id: str) -> HttpResponse:
    """Show one host with its guests, in a constant number of queries."""
    row = host_usage.get(request.context, hypervisor_id)
    (usage,) = host_usage.usage_of([row])
    guests = occupants.registered().on([row]).get(row.pk, [])
    projects = directory.projects_by_id(request.context, {project for _id, _name, project in guests})
    values = {
        "line": make_line(usage),
        "host": row,
        "pool_lines": pools.lines_of(request.context, row),
        "guests": [Guest(id=key, name=name, project=projects.get(project)) for key, name, project in guests],
        "processes": sorted(heartbeats.alive_on(row.name)),
        "may_write": policy.allows(request.context, "hypervisor:write"),
    }
    return live_page(request, "hosts/host.html", {"host": "hosts/content.html"}, values)


@require_POST
def enable(request: Request, hypervisor_id: str) -> HttpResponse:
    """Have the host take new instances, or none; `reason` says why not."""
    row = host_usage.get(request.context, hypervisor_id)
    enabled = request.POST.get("enabled") == "true"
    host_usage.enable(request.context, row.pk, enabled, request.POST.get("reason", ""))
    message = _("%(host)s takes new instances.") if enabled else _("%(host)s takes no new instances.")
    return done(request, message % {"host": row}, reverse("host", args=[row.pk]), changed=("hosts",))


@require_POST
def force_down(request: Request, hypervisor_id: str) -> HttpResponse:
    """Declare the host down, or take that back."""
    row = host_usage.get(request.context, hypervisor_id)
    forced = request.POST.get("forced") == "true"
    host_usage.force_down(request.context, row.pk, forced)
    message = _("%(host)s is declared down.") if forced else _("%(host)s says again itself whether it is up.")
    return done(request, message % {"host": row}, reverse("host", args=[row.pk]), changed=("hosts",))


urlpatterns = [
    path("hosts/", listing, name="hosts"),
    path("hosts/<str:hypervisor_id>/", host, name="host"),
    path("hosts/<str:hypervisor_id>/enabled/", enable, name="host-enabled"),
    path("hosts/<str:hypervisor_id>/down/", force_down, name="host-down"),
]
