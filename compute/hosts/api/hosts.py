"""`/os-hypervisors` and `/os-services`: the hosts, as administrators see them."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound, Unavailable
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.paging import Page
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView, number_of
from compute.hosts.api.schemas import hosts as schemas
from compute.hosts.api.zones import BINARY
from compute.hosts.models import Hypervisor
from compute.hosts.services import host_usage, occupants, questions
from compute.hosts.services.host_usage import HostUsage
from compute.hosts.services.occupants import NOTHING

LAST_OF_NUMBERS = Version(2, 87)
"""The last version in which hypervisors count; Placement does so since."""


class Hypervisors(ComputeView):
    @contract(query=schemas.QUERY, answers={200: schemas.HYPERVISORS})
    def get(self, request: Request) -> HttpResponse:
        return _answer_list(self, request, "os-hypervisors", lambda row: _brief(self, row.hypervisor))


class HypervisorsInDetail(ComputeView):
    @contract(query=schemas.QUERY, answers={200: schemas.HYPERVISORS_IN_DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return _answer_list(self, request, "os-hypervisors/detail", lambda row: _detail(self, row))


class Statistics(ComputeView):
    until = LAST_OF_NUMBERS

    @contract(answers={200: schemas.STATISTICS})
    def get(self, request: Request) -> HttpResponse:
        rows = host_usage.listing(self.context)
        sums = {name: sum(_numbers(row)[name] for row in rows) for name in _numbers(_NOTHING)}
        return JsonResponse({"hypervisor_statistics": {"count": len(rows), **sums}})


class OneHypervisor(ComputeView):
    @contract(query=schemas.ONE_QUERY, answers={200: schemas.HYPERVISOR})
    def get(self, request: Request, key: str) -> HttpResponse:
        host = _find(self, key)
        (row,) = host_usage.usage_of([host])
        body = _detail(self, row)
        if _asks_for_servers(self, request.query_params):
            body["servers"] = _servers([host]).get(host.pk, [])
        return JsonResponse({"hypervisor": body})


class Uptime(ComputeView):
    """How long the host runs and how busy it is, as its own kernel says. From 2.88 on, the host itself tells."""

    until = LAST_OF_NUMBERS

    @contract(answers={200: schemas.UPTIME})
    def get(self, request: Request, key: str) -> HttpResponse:
        hypervisor = _find(self, key)
        return JsonResponse({"hypervisor": _brief(self, hypervisor) | {"uptime": _uptime(hypervisor)}})


class Search(ComputeView):
    """Hypervisors by a part of their name, with or without their servers (until 2.52)."""

    until = Version(2, 52)
    with_servers = False

    @contract(answers={200: schemas.FOUND})
    def get(self, request: Request, pattern: str) -> HttpResponse:
        hosts = list(_named_like(host_usage.all_for_admin(self.context), pattern))
        servers = _servers(hosts) if self.with_servers else {}
        rows = [
            _brief(self, host) | ({"servers": servers.get(host.pk, [])} if self.with_servers else {})
            for host in hosts
        ]
        return JsonResponse({"hypervisors": rows})


class Services(ComputeView):
    @contract(query=schemas.SERVICES_QUERY, answers={200: schemas.SERVICES})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        hosts = host_usage.all_for_admin(self.context)
        if (name := query.get("host")) is not None:
            hosts = hosts.filter(name=name) if is_text(name) else hosts.none()
        if query.get("binary", BINARY) != BINARY:
            hosts = hosts.none()
        return JsonResponse({"services": [_service(self, host) for host in hosts]})


class Service(ComputeView):
    """PUT switches a host on or off, or says that it is down (from 2.11 on).

    Until 2.52 the verb stands in the address: `enable`, `disable`, `disable-log-reason`, `force-down`; then the id.
    """

    @contract(body=schemas.UPDATE_SERVICE, answers={200: schemas.SERVICE})
    def put(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "hypervisor:write")
        data = self.body()
        reason = data.get("disabled_reason") or ""
        if self.at_least(53):
            return JsonResponse({"service": _service(self, self._change(key, data, reason))})
        if key not in {
            "enable",
            "disable",
            "disable-log-reason",
            *(["force-down"] if self.at_least(11) else []),
        }:
            raise NotFound
        if data.get("binary") != BINARY:
            raise NotFound(_("Only %(binary)s is a service of ours.") % {"binary": BINARY})
        if key == "force-down":
            forced = inputs.flag(data, "forced_down", False)
            host = host_usage.force_down(self.context, data.get("host"), forced)
            return JsonResponse({"service": {"binary": BINARY, "host": host.name, "forced_down": forced}})
        host = host_usage.enable(self.context, data.get("host"), key == "enable", reason)
        body = {"binary": BINARY, "host": host.name, "status": _status(host)}
        extra = {"disabled_reason": reason} if key == "disable-log-reason" else {}
        return JsonResponse({"service": body | extra})

    @transaction.atomic
    def _change(self, key: str, data: dict[str, Any], reason: str) -> Hypervisor:
        """Change what the body names. Raise BadInput if that is nothing."""
        if not {"status", "forced_down"} & set(data):
            raise BadInput(fields={"status": _("Give a status, or forced_down.")})
        if "forced_down" in data:
            host = host_usage.force_down(self.context, key, inputs.flag(data, "forced_down", False))
        if "status" in data:
            host = host_usage.enable(self.context, key, data["status"] == "enabled", reason)
        return host


def _answer_list(
    view: ComputeView, request: Request, path: str, show: Callable[[HostUsage], dict[str, Any]]
) -> HttpResponse:
    query = request.query_params
    hosts = host_usage.all_for_admin(view.context)
    if view.at_least(53) and (pattern := query.get("hypervisor_hostname_pattern", "")):
        hosts = _named_like(hosts, pattern)
    page = COMPUTE.paging.page(query, hosts, find=partial(_with_id, view))
    asks = _asks_for_servers(view, query)
    servers = _servers(page.rows) if asks else {}

    def with_servers(row: HostUsage) -> dict[str, Any]:
        host_servers = servers.get(row.hypervisor.pk, [])
        # Until 2.74 a host without servers does not say so.
        is_said = host_servers or (asks and view.at_least(75))
        return show(row) | ({"servers": host_servers} if is_said else {})

    return COMPUTE.page_response(
        request,
        "hypervisors",
        path,
        Page(rows=host_usage.usage_of(page.rows), more=page.more),
        with_servers,
        marker=lambda row: _id(view, row.hypervisor),
    )


def _asks_for_servers(view: ComputeView, query: QueryDict) -> bool:
    return view.at_least(53) and inputs.flag(query, "with_servers", False)


def _id(view: ComputeView, hypervisor: Hypervisor) -> int | str:
    return str(hypervisor.pk) if view.at_least(53) else number_of(hypervisor.pk.bytes)


def _find(view: ComputeView, key: str) -> Hypervisor:
    """Return the hypervisor of the address. Raise Forbidden, NotFound."""
    hosts = host_usage.all_for_admin(view.context)
    try:
        host = hosts.filter(_with_id(view, key)).first()
    except (ValidationError, ValueError):
        host = None
    if host is None:
        raise NotFound(_("Hypervisor with ID '%(key)s' could not be found.") % {"key": key[:64]})
    return host


def _with_id(view: ComputeView, key: str) -> Q:
    """Return the condition of the host with this id, a number until 2.52."""
    if view.at_least(53):
        return Q(pk=key)
    keys = Hypervisor.objects.values_list("pk", flat=True)
    return Q(pk__in=[pk for pk in keys if str(number_of(pk.bytes)) == key])


def _named_like(hosts: QuerySet[Hypervisor], pattern: str) -> QuerySet[Hypervisor]:
    """Return the hosts with a part of their name. Raise NotFound where there is none."""
    matching = hosts.filter(name__contains=pattern) if is_text(pattern) else hosts.none()
    if not matching.exists():
        raise NotFound(_("No hypervisor's name has “%(pattern)s” in it.") % {"pattern": pattern[:64]})
    return matching


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


_NOTHING = HostUsage(hypervisor=Hypervisor(), used=NOTHING)


def _numbers(row: HostUsage) -> dict[str, int]:
    host = row.hypervisor
    return {
        "vcpus": host.vcpus,
        "memory_mb": host.memory_mib,
        "local_gb": host.disk_gib,
        "vcpus_used": row.used.vcpus,
        "memory_mb_used": row.used.ram_mib,
        "local_gb_used": row.used.disk_gib,
        "free_ram_mb": host.memory_mib - row.used.ram_mib,
        "free_disk_gb": host.disk_gib - row.used.disk_gib,
        "current_workload": row.used.busy,
        "running_vms": row.used.running,
        "disk_available_least": host.disk_gib - row.used.disk_gib,
    }


def _detail(view: ComputeView, row: HostUsage) -> dict[str, Any]:
    host = row.hypervisor
    cpu = {"arch": host.arch, "model": host.cpu_model, "vendor": "", "features": [], "topology": {}}
    if view.at_least(88):
        more: dict[str, Any] = {"uptime": _uptime_if_up(host)}
    else:
        more = _numbers(row) | {"cpu_info": cpu if view.at_least(28) else json.dumps(cpu)}
    return {
        **_brief(view, host),
        **more,
        "host_ip": "127.0.0.1",
        "hypervisor_type": "QEMU",
        "hypervisor_version": _version_number(host.qemu_version),
        "service": {
            "host": host.name,
            "id": _id(view, host),
            "disabled_reason": host.disabled_reason or None,
        },
    }


def _uptime(host: Hypervisor) -> str:
    """Return what the host's kernel says. Raise Unavailable."""
    uptime: str = json.loads(questions.ask(host, "/facts").content)["uptime"]
    return uptime


def _uptime_if_up(host: Hypervisor) -> str | None:
    """Return the same; None if the host does not answer."""
    try:
        return _uptime(host) if _is_up(host) else None
    except Unavailable:
        return None


def _version_number(version: str) -> int:
    """Return a version as libvirt encodes it: 7.2.1 is 7002001."""
    parts = [int(part) for part in version.split(".")[:3] if part.isdigit()]
    return sum(part * 1000**exponent for exponent, part in zip((2, 1, 0), parts, strict=False))


def _servers(hosts: Sequence[Hypervisor]) -> dict[Any, list[dict[str, str]]]:
    """Return {hypervisor id: its servers}, in one query."""
    occupants_by_host = occupants.registered().on(hosts)
    return {
        host: [{"uuid": str(key), "name": name} for key, name, _project in servers]
        for host, servers in occupants_by_host.items()
    }


def _service(view: ComputeView, hypervisor: Hypervisor) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": _id(view, hypervisor),
        "binary": BINARY,
        "host": hypervisor.name,
        "zone": hypervisor.availability_zone,
        "status": _status(hypervisor),
        "state": "up" if _is_up(hypervisor) else "down",
        "updated_at": without_zone(hypervisor.synced_at or timezone.now()),
        "disabled_reason": hypervisor.disabled_reason or None,
    }
    return body | ({"forced_down": hypervisor.forced_down} if view.at_least(11) else {})
