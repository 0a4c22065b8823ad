"""Where administrators look first: hosts, projects near their quota, what failed, who asks for more."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Project
from accounts.services import directory, quota_requests, quotas
from accounts.services.quotas import Usage
from compute.engine.services import operations_log
from compute.hosts.models import Hypervisor
from compute.hosts.services import host_usage
from compute.instances.services import instances
from portal.activity_entries import make_entries
from portal.host_lines import make_line, total
from portal.requests import Request, live_page

NEAR = 80
"""Percent of a limit from which on a project is near it."""
MOST = 8
RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fullest:
    """A project, and the resource of which it has least left."""

    project: Project
    usage: Usage


@require_safe
def cloud(request: Request) -> HttpResponse:
    """Show the whole cloud, in a constant number of queries."""
    lines = [make_line(row) for row in host_usage.listing(request.context)]
    failures = operations_log.failures(request.context, since=timezone.now() - RECENT, size=MOST)
    values = {
        "lines": lines,
        "gauges": total(lines),
        "down": sum(line.host.state != Hypervisor.State.UP for line in lines),
        "running": sum(line.running for line in lines),
        "fullest": _fullest(request),
        "entries": make_entries(failures),
        "requests": quota_requests.count(request.context),
    }
    return live_page(request, "cloud/cloud.html", {"cloud": "cloud/content.html"}, values)


def _fullest(request: Request) -> list[Fullest]:
    """Return the projects that are nearest to a limit, fullest first."""
    usage = quotas.usage(instances.projects_with_any(request.context))
    near = [
        (max(rows, key=lambda row: row.percent), project_id)
        for project_id, rows in usage.items()
        if any(row.percent >= NEAR for row in rows)
    ]
    near.sort(key=lambda pair: (-pair[0].percent, pair[1]))
    projects = directory.projects_by_id(request.context, {project_id for _usage, project_id in near[:MOST]})
    return [
        Fullest(project=projects[project_id], usage=row)
        for row, project_id in near[:MOST]
        if project_id in projects
    ]
