"""`/os-availability-zone`: where instances can be launched apart from each other."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts import policy
from accounts.openstack.contract import contract
from accounts.openstack.times import without_zone
from compute.api.base import ComputeView
from compute.hosts.api.schemas import hosts as schemas
from compute.hosts.models import Hypervisor
from compute.hosts.services import aggregates

BINARY = "nova-compute"
CONTROL_BINARIES = ("nova-conductor", "nova-scheduler")
"""Nova's services whose work each host's worker does here."""
INTERNAL = "internal"
"""Nova's zone of services that run no guests."""


class Zones(ComputeView):
    """Every zone that a host stands in."""

    @contract(answers={200: schemas.ZONES})
    def get(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "flavor:read")
        return _answer({name: (hosts, None) for name, hosts in aggregates.zones().items()})


class ZonesInDetail(ComputeView):
    """The same with their hosts, and the zone of services that run no guests; for administrators."""

    @contract(answers={200: schemas.ZONES_IN_DETAIL})
    def get(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "hypervisor:read")
        zones = aggregates.zones()
        everywhere = [host for hosts in zones.values() for host in hosts]
        return _answer(
            {name: (hosts, _details(hosts, BINARY)) for name, hosts in zones.items()}
            | {INTERNAL: (everywhere, _details(everywhere, *CONTROL_BINARIES))}
        )


def _answer(zones: Mapping[str, tuple[list[Hypervisor], dict[str, Any] | None]]) -> HttpResponse:
    """Answer {zone: its hosts, and their details}."""
    rows = [
        {
            "zoneName": name,
            "zoneState": {"available": not hosts or any(host.enabled for host in hosts)},
            "hosts": details,
        }
        for name, (hosts, details) in zones.items()
    ]
    return JsonResponse({"availabilityZoneInfo": rows})


def _details(hosts: list[Hypervisor], *binaries: str) -> dict[str, Any]:
    return {host.name: {binary: _service(host) for binary in binaries} for host in hosts}


def _service(host: Hypervisor) -> dict[str, Any]:
    return {
        "active": host.enabled,
        "available": host.state == Hypervisor.State.UP,
        "updated_at": without_zone(host.synced_at),
    }
