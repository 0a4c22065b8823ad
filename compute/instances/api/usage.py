"""`/os-simple-tenant-usage`."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.openstack.contract import contract
from accounts.openstack.paging import Page
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView, moment_of
from compute.instances.api.schemas import records as schemas
from compute.instances.services import usage_report
from compute.instances.services.disk_sizes import total_gib
from compute.instances.services.usage_report import InstanceUsage, ProjectUsage

DEFAULT_DAYS = 28
Row = TypeVar("Row", bound=Model)


class AllUsage(ComputeView):
    """Show the usage of every project, for administrators."""

    @contract(query=schemas.USAGE_QUERY, answers={200: schemas.USAGES})
    def get(self, request: Request) -> HttpResponse:
        start, stop = _period(request)
        detailed = inputs.flag(request.query_params, "detailed", False)
        page = _page(self, request, usage_report.projects(self.context, start, stop))
        report = usage_report.usage_by_project([row.pk for row in page.rows], start, stop, detailed=detailed)
        return COMPUTE.page_response(
            request,
            "tenant_usages",
            "os-simple-tenant-usage",
            page,
            lambda row: _show(row.pk, report[row.pk], start, stop),
        )


class OneUsage(ComputeView):
    @contract(query=schemas.USAGE_QUERY, answers={200: schemas.USAGE})
    def get(self, request: Request, project: str) -> HttpResponse:
        start, stop = _period(request)
        page = _page(self, request, usage_report.instances(self.context, project, start, stop))
        usage = usage_report.total_usage(page.rows, start, stop)
        body: dict[str, Any] = {"tenant_usage": _show(project, usage, start, stop) if page.rows else {}}
        if page.more:
            path = f"os-simple-tenant-usage/{project}"
            body["tenant_usage_links"] = [COMPUTE.next_link(request, path, page.rows[-1].pk)]
        return JsonResponse(body)


def _page(view: ComputeView, request: Request, rows: QuerySet[Row]) -> Page[Row]:
    """Return the requested page; all rows before 2.40, which introduced pages."""
    if not view.at_least(40):
        return Page(rows=list(rows), more=False)
    return COMPUTE.paging.page(request.query_params, rows)


def _period(request: Request) -> tuple[datetime, datetime]:
    query = request.query_params
    stop = moment_of(query, "end") or timezone.now()
    start = moment_of(query, "start") or stop - timedelta(days=DEFAULT_DAYS)
    if start > stop:
        raise BadInput(fields={"start": _("The start must be before the end.")})
    return start.astimezone(UTC), stop.astimezone(UTC)


def _show(project: str, usage: ProjectUsage, start: datetime, stop: datetime) -> dict[str, Any]:
    body: dict[str, Any] = {
        "tenant_id": project,
        "start": without_zone(start),
        "stop": without_zone(stop),
        "total_hours": usage.hours,
        "total_vcpus_usage": usage.vcpu_hours,
        "total_memory_mb_usage": usage.mib_hours,
        "total_local_gb_usage": usage.gib_hours,
    }
    if usage.rows is not None:
        body["server_usages"] = [_show_server(row) for row in usage.rows]
    return body


def _show_server(row: InstanceUsage) -> dict[str, Any]:
    instance = row.instance
    return {
        "instance_id": str(instance.pk),
        "name": instance.name,
        "tenant_id": instance.project_id,
        "flavor": instance.flavor_name,
        "vcpus": instance.vcpus,
        "memory_mb": instance.ram_mib,
        "local_gb": total_gib(instance),
        "hours": row.hours,
        "state": "terminated" if row.ended else instance.vm_state,
        "uptime": int(((row.ended or timezone.now()) - row.began).total_seconds()),
        "started_at": without_zone(row.began),
        "ended_at": without_zone(row.ended),
    }
