"""`/os-hosts`: what older clients ask of hosts (until 2.42)."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from compute.api.base import COMPUTE, ComputeView
from compute.api.faults import NotImplementedHere
from compute.hosts.api.schemas import old_hosts as schemas
from compute.hosts.api.zones import CONTROL_BINARIES, INTERNAL
from compute.hosts.models import Hypervisor
from compute.hosts.services import host_usage, occupants
from compute.hosts.services.occupants import Amounts

LAST = Version(2, 42)


class Hosts(ComputeView):
    until = LAST

    @contract(query=schemas.QUERY, answers={200: schemas.HOSTS})
    def get(self, request: Request) -> HttpResponse:
        """List the services of every host, with their zones."""
        zone = request.query_params.get("zone")
        rows = [row for host in host_usage.all_for_admin(self.context) for row in _services(host)]
        return JsonResponse({"hosts": [row for row in rows if zone in {None, row["zone"]}]})


class Host(ComputeView):
    until = LAST

    @contract(answers={200: schemas.HOST})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Show what a host has, what is taken of it, and by which project."""
        host = _find(self, name)
        (row,) = host_usage.usage_of([host])
        total = Amounts(vcpus=host.vcpus, ram_mib=host.memory_mib, disk_gib=host.disk_gib)
        amounts = {
            "(total)": total,
            "(used_now)": row.used,
            "(used_max)": row.used,
            **occupants.registered().amounts_by_project(host),
        }
        resources = [{"resource": _resource(host, owner, used)} for owner, used in amounts.items()]
        return JsonResponse({"host": resources})

    @contract(body=schemas.UPDATE, answers={200: schemas.UPDATED})
    def put(self, request: Request, name: str) -> HttpResponse:
        """Enable or disable a host for new instances."""
        policy.enforce(self.context, "hypervisor:write")
        data, host = self.body(), _find(self, name)
        if data.get("maintenance_mode") == "enable":
            raise NotImplementedHere(_("There is no maintenance mode yet. Disable the host instead."))
        if "status" not in data:
            raise BadInput(fields={"status": _("Say enable or disable.")})
        host_usage.enable(self.context, name, data["status"] == "enable")
        return JsonResponse({"host": host.name, "status": f"{data['status']}d"})


class Power(ComputeView):
    """`startup`, `shutdown` and `reboot` of the machine itself, which libvirt's driver offers in Nova neither."""

    until = LAST

    @contract(answers={501: COMPUTE.error_schema})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Refuse: machines are not switched from here."""
        policy.enforce(self.context, "hypervisor:write")
        _find(self, name)
        raise NotImplementedHere(_("Meridian does not switch the machines of hosts on and off."))


def _services(host: Hypervisor) -> list[dict[str, str]]:
    own = {"host_name": host.name, "service": "compute", "zone": host.availability_zone}
    controls = [
        {"host_name": host.name, "service": binary.removeprefix("nova-"), "zone": INTERNAL}
        for binary in CONTROL_BINARIES
    ]
    return [own, *controls]


def _find(view: ComputeView, name: str) -> Hypervisor:
    """Return the host of this name. Raise Forbidden, NotFound."""
    host = host_usage.all_for_admin(view.context).filter(name=name).first() if "\0" not in name else None
    if host is None:
        raise NotFound(_("There is no host of this name."))
    return host


def _resource(host: Hypervisor, owner: str, amounts: Amounts) -> dict[str, Any]:
    return {
        "host": host.name,
        "project": owner,
        "cpu": amounts.vcpus,
        "memory_mb": amounts.ram_mib,
        "disk_gb": amounts.disk_gib,
    }
