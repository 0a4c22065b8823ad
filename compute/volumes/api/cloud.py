"""Zones, services and pools: what there is below the volumes."""

from typing import Any

from django.db.models import Sum
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api import extensions
from compute.api import schemas as common
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import added_pools, aggregates
from compute.volumes.api.base import VolumeView
from compute.volumes.api.schemas import cloud as schemas
from compute.volumes.api.volume_body import pool_name
from compute.volumes.services import volume_placement

GIB = 2**30
BINARIES = ("cinder-volume", "cinder-scheduler", "cinder-backup")
"""Cinder's services, whose work each host's worker does here."""

BACKEND = "@directory"
"""Follows the host's name in that of its `cinder-volume`."""

EXTENSIONS = {
    "OS-SCH-HNT": "SchedulerHints",
    "backups": "Backups",
    "capabilities": "Capabilities",
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
            for host in Hypervisor.objects.order_by("name").prefetch_related("pools")
            for binary in BINARIES
            if query.get("host", host.name) in {host.name, f"{host.name}{BACKEND}"}
            and query.get("binary", binary) == binary
        ]
        return JsonResponse({"services": rows})


class Service(VolumeView):
    """PUT has the pools of a host take new volumes, or none. The verb stands in the address."""

    @contract(body=schemas.UPDATE_SERVICE, answers={200: schemas.UPDATED_SERVICE})
    def put(self, request: Request, verb: str) -> HttpResponse:
        policy.enforce(self.context, "hypervisor:write")
        if verb not in {"enable", "disable", "disable-log-reason"}:
            raise NotFound
        data = self.body()
        binary = data.get("binary") or data.get("service") or ""
        if binary not in BINARIES:
            raise NotFound(_("There is no service %(binary)s.") % {"binary": binary})
        if binary != BINARIES[0]:
            sentence = _("Only %(binary)s is switched on and off: its pools take new volumes or none.")
            raise BadInput(fields={"binary": sentence % {"binary": BINARIES[0]}})
        reason = data.get("disabled_reason") or ""
        if verb == "disable-log-reason" and not reason:
            raise BadInput(fields={"disabled_reason": _("Say why.")})
        name = str(data["host"]).removesuffix(BACKEND)
        host = added_pools.enable_all(self.context, name, verb == "enable", reason)
        body = _service(host, binary)
        answer = {
            "host": body["host"],
            "service": binary,
            "binary": binary,
            "disabled": body["status"] == "disabled",
            "status": body["status"],
        }
        return JsonResponse(answer | ({"disabled_reason": reason} if verb == "disable-log-reason" else {}))


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


class Capabilities(VolumeView):
    """What the pools of a host can do, for `HOST@directory`."""

    @contract(answers={200: schemas.CAPABILITIES})
    def get(self, request: Request, name: str) -> HttpResponse:
        policy.enforce(self.context, "volume_service:read")
        backend = name.partition("#")[0].removesuffix(BACKEND)
        pool = Pool.objects.filter(hosts__name=backend).first() if is_text(backend) else None
        if pool is None:
            raise NotFound(_("There is no storage on %(host)s.") % {"host": name})
        able = volume_placement.capabilities(pool)
        texts = ("vendor_name", "driver_version", "storage_protocol")
        return JsonResponse(
            {
                "namespace": f"OS::Storage::Capabilities::{backend}{BACKEND}",
                **{text: able[text] for text in texts},
                "volume_backend_name": BACKEND.removeprefix("@"),
                "pool_name": None,
                "display_name": None,
                "description": None,
                "visibility": "public",
                "replication_targets": [],
                "properties": {
                    "thin_provisioning": _property("Thin provisioning", able["thin_provisioning_support"]),
                    "qos": _property("QoS of the back end", able["QoS_support"]),
                    "multiattach": _property("Multi-attach", able["multiattach"]),
                },
            }
        )


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
    """Return a service of a host, which has its pools in `cinder-volume`. That is off if all of them are."""
    name, enabled, reason = host.name, host.enabled, host.disabled_reason
    if binary == BINARIES[0]:
        pools = list(host.pools.all())
        name = f"{host.name}{BACKEND}"
        if enabled and pools and not any(pool.enabled for pool in pools):
            enabled, reason = (
                False,
                next((pool.disabled_reason for pool in pools if pool.disabled_reason), ""),
            )
    return {
        "binary": binary,
        "host": name,
        "zone": host.availability_zone,
        "status": "enabled" if enabled else "disabled",
        "state": "up" if host.state == Hypervisor.State.UP else "down",
        "updated_at": without_zone(host.seen_at),
        "disabled_reason": (reason or None) if not enabled else None,
    }


def _property(title: str, has: object) -> dict[str, Any]:
    return {"title": title, "description": f"{title}: {'yes' if has else 'no'}.", "type": "boolean"}


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
