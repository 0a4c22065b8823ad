"""`/os-hypervisors` and `/os-services`: the hosts, as administrators see them."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api.base import ComputeView, listed, number_of
from compute.hosts.api.zones import BINARY
from compute.hosts.models import Hypervisor
from compute.hosts.services import host_usage
from compute.hosts.services.host_usage import HostUsage
from compute.instances.models import Instance


class Hypervisors(ComputeView):
    detailed = False

    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = host_usage.listing(self.context)
        pattern = query.get("hypervisor_hostname_pattern", "") if self.at_least(53) else ""
        rows = [row for row in rows if pattern in row.hypervisor.name]
        if pattern and not rows:
            raise NotFound(_("No hypervisor's name has “%(pattern)s” in it.") % {"pattern": pattern[:64]})
        servers = None
        if self.at_least(53) and inputs.flag(query, "with_servers", False):
            servers = _servers(rows)
        path = "os-hypervisors/detail" if self.detailed else "os-hypervisors"

        def show(row: HostUsage) -> dict[str, Any]:
            shown = _detail(self, row) if self.detailed else _brief(self, row.hypervisor)
            if servers is not None and servers.get(row.hypervisor.pk):
                shown["servers"] = servers[row.hypervisor.pk]
            return shown

        return listed(request, "hypervisors", path, rows, lambda row: _id(self, row.hypervisor), show)


class Statistics(ComputeView):
    def get(self, request: Request) -> HttpResponse:
        rows = host_usage.listing(self.context)
        sums = {name: sum(_numbers(row)[name] for row in rows) for name in _numbers(_NOTHING)}
        return JsonResponse({"hypervisor_statistics": {"count": len(rows), **sums}})


class OneHypervisor(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        row = _find(self, key)
        shown = _detail(self, row)
        if self.at_least(53) and inputs.flag(request.query_params, "with_servers", False):
            shown["servers"] = _servers([row]).get(row.hypervisor.pk, [])
        return JsonResponse({"hypervisor": shown})


class Uptime(ComputeView):
    """How long the host has been reachable is not known to libvirt; only that it is."""

    def get(self, request: Request, key: str) -> HttpResponse:
        hypervisor = _find(self, key).hypervisor
        since = f"seen {without_zone(hypervisor.synced_at)}" if hypervisor.synced_at else "never seen"
        return JsonResponse({"hypervisor": _brief(self, hypervisor) | {"uptime": since}})


class Search(ComputeView):
    """Hypervisors by a part of their name, with or without their servers (until 2.52)."""

    with_servers = False

    def get(self, request: Request, pattern: str) -> HttpResponse:
        rows = [row for row in host_usage.listing(self.context) if pattern in row.hypervisor.name]
        if self.at_least(53) or not rows:
            raise NotFound(_("No hypervisor's name has “%(pattern)s” in it.") % {"pattern": pattern[:64]})
        servers = _servers(rows)
        shown = [
            _brief(self, row.hypervisor)
            | ({"servers": servers.get(row.hypervisor.pk, [])} if self.with_servers else {})
            for row in rows
        ]
        return JsonResponse({"hypervisors": shown})


class Services(ComputeView):
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = [row.hypervisor for row in host_usage.listing(self.context)]
        rows = [row for row in rows if query.get("host", row.name) == row.name]
        rows = rows if query.get("binary", BINARY) == BINARY else []
        return JsonResponse({"services": [_service(self, row) for row in rows]})


class Service(ComputeView):
    """PUT switches a host on or off: by `enable`, `disable` and `disable-log-reason`, from 2.53 on by its id."""

    def put(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "hypervisor:write")
        given = self.body()
        reason = inputs.text(given, "disabled_reason", longest=255)
        if self.at_least(53):
            if given.get("status") not in {"enabled", "disabled"}:
                raise BadInput(fields={"status": _("Say enabled or disabled.")})
            host = host_usage.enable(self.context, key, given["status"] == "enabled", reason)
            return JsonResponse({"service": _service(self, host)})
        if key not in {"enable", "disable", "disable-log-reason"}:
            raise NotFound
        if given.get("binary") != BINARY:
            raise NotFound(_("Only %(binary)s is a service of ours.") % {"binary": BINARY})
        host = host_usage.enable(self.context, given.get("host"), key == "enable", reason)
        shown = {"binary": BINARY, "host": host.name, "status": _status(host)}
        more = {"disabled_reason": reason} if key == "disable-log-reason" else {}
        return JsonResponse({"service": shown | more})


def _id(view: ComputeView, hypervisor: Hypervisor) -> int | str:
    return str(hypervisor.pk) if view.at_least(53) else number_of(hypervisor.pk.bytes)


def _find(view: ComputeView, key: str) -> HostUsage:
    for row in host_usage.listing(view.context):
        if str(_id(view, row.hypervisor)) == key:
            return row
    raise NotFound(_("Hypervisor with ID '%(key)s' could not be found.") % {"key": key[:64]})


def _is_up(hypervisor: Hypervisor) -> bool:
    return hypervisor.state == Hypervisor.State.UP


def _status(hypervisor: Hypervisor) -> str:
    return "enabled" if hypervisor.enabled else "disabled"


def _brief(view: ComputeView, hypervisor: Hypervisor) -> dict[str, Any]:
    return {
        "id": _id(view, hypervisor),
        "hypervisor_hostname": hypervisor.name,
        "state": "up" if _is_up(hypervisor) else "down",
        "status": _status(hypervisor),
    }


_NOTHING = HostUsage(hypervisor=Hypervisor())


def _numbers(row: HostUsage) -> dict[str, int]:
    host = row.hypervisor
    return {
        "vcpus": host.vcpus,
        "memory_mb": host.memory_mib,
        "local_gb": host.disk_gib,
        "vcpus_used": row.vcpus,
        "memory_mb_used": row.ram_mib,
        "local_gb_used": row.disk_gib,
        "free_ram_mb": host.memory_mib - row.ram_mib,
        "free_disk_gb": host.disk_gib - row.disk_gib,
        "current_workload": row.busy,
        "running_vms": row.running,
        "disk_available_least": host.disk_gib - row.disk_gib,
    }


def _detail(view: ComputeView, row: HostUsage) -> dict[str, Any]:
    host = row.hypervisor
    cpu = {"arch": host.arch, "model": host.cpu_model, "vendor": "", "features": [], "topology": {}}
    return {
        **_brief(view, host),
        **_numbers(row),
        "cpu_info": cpu if view.at_least(28) else json.dumps(cpu),
        "host_ip": "127.0.0.1",
        "hypervisor_type": "QEMU",
        "hypervisor_version": _version_number(host.qemu_version),
        "service": {
            "host": host.name,
            "id": _id(view, host),
            "disabled_reason": host.disabled_reason or None,
        },
    }


def _version_number(version: str) -> int:
    """7.2.1 as libvirt counts: 7002001."""
    parts = [int(part) for part in version.split(".")[:3] if part.isdigit()]
    return sum(part * 1000**place for place, part in zip((2, 1, 0), parts, strict=False))


def _servers(rows: Sequence[HostUsage]) -> dict[Any, list[dict[str, str]]]:
    """{hypervisor id: its servers}, in one query."""
    found: dict[Any, list[dict[str, str]]] = {}
    wanted = [row.hypervisor.pk for row in rows]
    instances = Instance.objects.existing().filter(hypervisor__in=wanted)
    for host, key, name in instances.order_by("created_at").values_list("hypervisor", "pk", "name"):
        found.setdefault(host, []).append({"uuid": str(key), "name": name})
    return found


def _service(view: ComputeView, hypervisor: Hypervisor) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": _id(view, hypervisor),
        "binary": BINARY,
        "host": hypervisor.name,
        "zone": hypervisor.availability_zone,
        "status": _status(hypervisor),
        "state": "up" if _is_up(hypervisor) else "down",
        "updated_at": without_zone(hypervisor.synced_at or timezone.now()),
        "disabled_reason": hypervisor.disabled_reason or None,
    }
    return shown | ({"forced_down": False} if view.at_least(11) else {})
