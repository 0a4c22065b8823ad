"""`/os-availability-zone`: where instances can be launched apart from each other."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts import policy
from accounts.openstack.times import without_zone
from compute.api.base import ComputeView
from compute.hosts.models import Hypervisor
from compute.hosts.services import aggregates

BINARY = "nova-compute"


class Zones(ComputeView):
    """Every zone that a host stands in; the details are an administrator's."""

    detailed = False

    def get(self, request: Request) -> HttpResponse:
        policy.enforce(self.context, "flavor:read")
        if self.detailed:
            policy.enforce(self.context, "hypervisor:read")
        zones = aggregates.zones()
        return JsonResponse({"availabilityZoneInfo": [self._show(name, zones[name]) for name in zones]})

    def _show(self, name: str, hosts: list[Hypervisor]) -> dict[str, Any]:
        return {
            "zoneName": name,
            "zoneState": {"available": not hosts or any(host.enabled for host in hosts)},
            "hosts": {host.name: {BINARY: _service(host)} for host in hosts} if self.detailed else None,
        }


def _service(host: Hypervisor) -> dict[str, Any]:
    return {
        "active": host.enabled,
        "available": host.state == Hypervisor.State.UP,
        "updated_at": without_zone(host.synced_at),
    }
