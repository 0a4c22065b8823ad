"""`/os-simple-tenant-usage`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api.base import ComputeView, moment_of, next_links, page
from compute.instances.services import usage_report
from compute.instances.services.usage_report import InstanceUsage

DEFAULT_DAYS = 28


class AllUsage(ComputeView):
    """Of every project; for administrators."""

    def get(self, request: Request) -> HttpResponse:
        start, stop = _period(request)
        report = usage_report.report(self.context, None, start, stop)
        detailed = inputs.flag(request.query_params, "detailed", False)
        keys, more = _paged(self, request, list(report))
        body: dict[str, Any] = {
            "tenant_usages": [
                _show(project, report[project], start, stop, detailed=detailed) for project in keys
            ]
        }
        if more:
            body |= next_links(request, "tenant_usages", keys[-1], "os-simple-tenant-usage")
        return JsonResponse(body)


class ProjectUsage(ComputeView):
    def get(self, request: Request, project: str) -> HttpResponse:
        start, stop = _period(request)
        rows = usage_report.report(self.context, project, start, stop).get(project, [])
        by_id = {str(row.instance.pk): row for row in rows}
        keys, more = _paged(self, request, list(by_id))
        shown = _show(project, [by_id[key] for key in keys], start, stop, detailed=True) if keys else {}
        body: dict[str, Any] = {"tenant_usage": shown}
        if more:
            body |= next_links(request, "tenant_usage", keys[-1], f"os-simple-tenant-usage/{project}")
        return JsonResponse(body)


def _paged(view: ComputeView, request: Request, keys: list[str]) -> tuple[list[str], bool]:
    """Pages came with 2.40."""
    return page(request.query_params, keys) if view.at_least(40) else (keys, False)


def _period(request: Request) -> tuple[datetime, datetime]:
    query = request.query_params
    stop = moment_of(query, "end") or timezone.now()
    start = moment_of(query, "start") or stop - timedelta(days=DEFAULT_DAYS)
    if start > stop:
        raise BadInput(fields={"start": _("The start must be before the end.")})
    return start.astimezone(UTC), stop.astimezone(UTC)


def _show(
    project: str, rows: list[InstanceUsage], start: datetime, stop: datetime, *, detailed: bool
) -> dict[str, Any]:
    totals = usage_report.totals(rows)
    shown: dict[str, Any] = {
        "tenant_id": project,
        "start": without_zone(start),
        "stop": without_zone(stop),
        "total_hours": totals["hours"],
        "total_vcpus_usage": totals["vcpus"],
        "total_memory_mb_usage": totals["ram_mib"],
        "total_local_gb_usage": totals["disk_gib"],
    }
    return shown | ({"server_usages": [_show_server(row) for row in rows]} if detailed else {})


def _show_server(row: InstanceUsage) -> dict[str, Any]:
    instance = row.instance
    return {
        "instance_id": str(instance.pk),
        "name": instance.name,
        "tenant_id": instance.project_id,
        "flavor": instance.flavor_name,
        "vcpus": instance.vcpus,
        "memory_mb": instance.ram_mib,
        "local_gb": instance.disk_gib,
        "hours": row.hours,
        "state": "terminated" if row.ended else instance.vm_state,
        "uptime": int(((row.ended or timezone.now()) - row.began).total_seconds()),
        "started_at": without_zone(row.began),
        "ended_at": without_zone(row.ended),
    }
