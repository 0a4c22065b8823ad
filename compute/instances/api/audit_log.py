"""`/os-instance_usage_audit_log`: Nova's record of usage audits, of which there are none."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.openstack.contract import contract
from compute.api.base import ComputeView
from compute.hosts.services import host_usage
from compute.instances.api.schemas import records as schemas


class InstanceUsageAuditLog(ComputeView):
    """Show the audit of the last whole month, or of the month before a time."""

    @contract(answers={200: schemas.AUDIT_LOG})
    def get(self, request: Request, before: str = "") -> HttpResponse:
        log = _log(self, _parse_time(before) if before else timezone.now())
        return JsonResponse({"instance_usage_audit_log" if before else "instance_usage_audit_logs": log})


def _log(view: ComputeView, before: datetime) -> dict[str, Any]:
    hosts = list(host_usage.all_for_admin(view.context).values_list("name", flat=True))
    ending = before.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    beginning = (ending - timedelta(days=1)).replace(day=1)
    return {
        "hosts_not_run": hosts,
        "log": {},
        "num_hosts": len(hosts),
        "num_hosts_done": 0,
        "num_hosts_not_run": len(hosts),
        "num_hosts_running": 0,
        "overall_status": f"0 of {len(hosts)} hosts done. 0 errors.",
        "period_beginning": str(beginning),
        "period_ending": str(ending),
        "total_errors": 0,
        "total_instances": 0,
    }


def _parse_time(text: str) -> datetime:
    """Return the time in the address: `2030-01-31 12:00:00`, also with a fraction. Raise BadInput."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"):
        try:
            return datetime.strptime(text[:64], form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadInput(_("Invalid timestamp for date %(given)s") % {"given": text[:64]})
