"""Zones, services and pools: what there is below the volumes."""

from typing import Any

from django.db.models import Sum
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts import policy
from accounts.openstack.contract import contract
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api import extensions
from compute.api import schemas as common
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import aggregates
from compute.volumes.api.base import VolumeView
from compute.volumes.api.schemas import cloud as schemas
from compute.volumes.api.volume_body import pool_name
from compute.volumes.services import volume_placement

GIB = 2**30
BINARIES = ("cinder-volume", "cinder-scheduler", "cinder-backup")
"""Cinder's services, whose work each host's worker does here."""
EXTENSIONS = {
    "OS-SCH-HNT": "SchedulerHints",
    "backups": "Backups",
    "os-admin-actions": "AdminActions",
    "os-availability-zone": "AvailabilityZones",
    "os-extended-services": "ExtendedServices",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-services": "Services",
    "os-types-extra-specs": "TypesExtraSpecs",
    "os-types-manage": "TypesManage",
    "os-used-limits": "UsedLimits",
    "os-vol-host-attr": "VolumeHostAttribute",
    "os-vol-image-meta": "VolumeImageMetadata",
    "os-vol-mig-status-attr": "VolumeMigStatusAttribute",
    "os-vol-tenant-attr": "VolumeTenantAttribute",
    "os-volume-actions": "VolumeActions",
    "os-volume-type-access": "VolumeTypeAccess",
    "qos-specs": "Qos_specs_manage",
    "scheduler-stats": "Scheduler_stats",
}
"""{alias: name} of the extensions whose parts exist here."""

RESOURCE_FILTERS = {
    "volume": [
        "name",
        "status",
        "metadata",
        "bootable",
        "migration_status",
        "availability_zone",
        "group_id",
        "size",
    ],
    "pool": ["name", "volume_type"],
}


class Zones(VolumeView):
    @contract(answers={200: schemas.ZONES})
    def get(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "volume:read")
        zones = [
            {"zoneName": name, "zoneState": {"available": not hosts or any(host.enabled for host in hosts)}}
            for name, hosts in aggregates.zones().items()
        ]
        return JsonResponse({"availabilityZoneInfo": zones})


class Services(VolumeView):
    @contract(query=schemas.SERVICES_QUERY, answers={200: schemas.SERVICES})
    def get(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "volume_service:read")
        query = request.query_params
        rows = [
            _service(host, binary)
            for host in Hypervisor.objects.order_by("name")
            for binary in BINARIES
            if query.get("host", host.name) in {host.name, f"{host.name}@directory"}
            and query.get("binary", binary) == binary
        ]
        return JsonResponse({"services": rows})


class Pools(VolumeView):
    @contract(query=schemas.POOLS_QUERY, answers={200: schemas.POOLS})
    def get(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "volume_service:read")
        detail = request.query_params.get("detail")
        in_detail = inputs.flag({"detail": detail}, "detail", False) if detail else False
        rows = Pool.objects.prefetch_related("hosts").annotate(used=Sum("disks__size_bytes", default=0))
        name = request.query_params.get("name")
        pools = [_pool(row, in_detail) for row in rows if name in {None, pool_name(row)}]
        return JsonResponse({"pools": pools})


class Extensions(VolumeView):
    @contract(answers={200: common.EXTENSIONS})
    def get(self, request: Request) -> HttpResponse:
        rows = [extensions.describe(alias, name) for alias, name in EXTENSIONS.items()]
        return JsonResponse({"extensions": rows})


class ResourceFilters(VolumeView):
    """What lists can be narrowed by, since 3.33."""

    @contract(answers={200: schemas.RESOURCE_FILTERS})
    def get(self, request: Request) -> HttpResponse:
        resource = request.query_params.get("resource")
        rows = [
            {"resource": name, "filters": filters}
            for name, filters in RESOURCE_FILTERS.items()
            if resource in {None, name}
        ]
        return JsonResponse({"resource_filters": rows})


def _service(host: Hypervisor, binary: str) -> dict[str, Any]:
    return {
        "binary": binary,
        "host": f"{host.name}@directory" if binary == "cinder-volume" else host.name,
        "zone": host.availability_zone,
        "status": "enabled" if host.enabled else "disabled",
        "state": "up" if host.state == Hypervisor.State.UP else "down",
        "updated_at": without_zone(host.seen_at),
        "disabled_reason": host.disabled_reason or None,
    }


def _pool(pool: Any, in_detail: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": pool_name(pool)}
    if in_detail:
        row["capabilities"] = {
            "total_capacity_gb": round(pool.capacity_bytes / GIB, 2),
            "free_capacity_gb": round(pool.available_bytes / GIB, 2),
            "allocated_capacity_gb": round(pool.used / GIB, 2),
            "reserved_percentage": 0,
            **volume_placement.capabilities(pool),
            "timestamp": without_zone(timezone.now()),
        }
    return row
