"""The resources below a server: addresses, metadata, tags, interfaces, disks, groups, diagnostics."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.responses import created, no_content
from compute.api.base import ComputeView, url
from compute.instances.actions import begin
from compute.instances.api import server_body
from compute.instances.api.schemas import server_parts as schemas
from compute.instances.api.servers import find
from compute.instances.models import Instance
from compute.instances.services import hardware
from compute.instances.states import VmState
from compute.networks.api.subnets import subnet_id

STATES = {
    VmState.BUILDING: "pending",
    VmState.ACTIVE: "running",
    VmState.RESCUED: "running",
    VmState.PAUSED: "paused",
    VmState.SUSPENDED: "suspended",
    VmState.ERROR: "crashed",
}

SMALL_PAGE = 4
"""KiB. Guests have no larger pages here."""


class Ips(ComputeView):
    @contract(answers={200: schemas.ADDRESSES})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"addresses": server_body.bare_addresses(find(self, key))})


class NetworkIps(ComputeView):
    @contract(answers={200: schemas.OF_NETWORK})
    def get(self, request: Request, key: str, network: str) -> HttpResponse:
        addresses = server_body.bare_addresses(find(self, key))
        if network not in addresses:
            raise NotFound(_("The server is not on this network."))
        return JsonResponse({network: addresses[network]})


class Metadata(ComputeView):
    """POST adds items, PUT replaces all."""

    @contract(answers={200: schemas.METADATA_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"metadata": find(self, key).metadata})

    @contract(body=schemas.SET_METADATA, answers={200: schemas.METADATA_SHOWN})
    def post(self, request: Request, key: str) -> HttpResponse:
        return self._write(key, more=self.body()["metadata"])

    @contract(body=schemas.SET_METADATA, answers={200: schemas.METADATA_SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        return self._write(key, metadata=self.body()["metadata"])

    def _write(self, key: str, **parameters: Any) -> HttpResponse:
        begin(self.context, "instance.set_metadata", find(self, key).pk, parameters=parameters)
        return JsonResponse({"metadata": find(self, key).metadata})


class OneMetadata(ComputeView):
    @contract(answers={200: schemas.ONE_SHOWN})
    def get(self, request: Request, key: str, name: str) -> HttpResponse:
        return JsonResponse({"meta": {name: _value(find(self, key), name)}})

    @contract(body=schemas.SET_ONE, answers={200: schemas.ONE_SHOWN})
    def put(self, request: Request, key: str, name: str) -> HttpResponse:
        meta = self.body()["meta"]
        if list(meta) != [name]:
            raise BadInput(_("The body must hold the key of the address and nothing else."))
        begin(self.context, "instance.set_metadata", find(self, key).pk, parameters={"more": meta})
        return JsonResponse({"meta": {name: _value(find(self, key), name)}})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, name: str) -> HttpResponse:
        policy.enforce(self.context, "instance:set_metadata")
        instance = find(self, key)
        _value(instance, name)
        begin(self.context, "instance.set_metadata", instance.pk, parameters={"without": [name]})
        return no_content()


class Tags(ComputeView):
    since = Version(2, 26)

    @contract(answers={200: schemas.TAGS_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"tags": find(self, key).tags})

    @contract(body=schemas.SET_TAGS, answers={200: schemas.TAGS_SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        begin(self.context, "instance.set_tags", find(self, key).pk, parameters={"tags": self.body()["tags"]})
        return JsonResponse({"tags": find(self, key).tags})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        begin(self.context, "instance.set_tags", find(self, key).pk, parameters={"tags": []})
        return no_content()


class OneTag(ComputeView):
    since = Version(2, 26)

    @contract(answers={204: None})
    def get(self, request: Request, key: str, tag: str) -> HttpResponse:
        _enforce_tag(find(self, key), tag)
        return no_content()

    @contract(answers={201: None, 204: None})
    def put(self, request: Request, key: str, tag: str) -> HttpResponse:
        policy.enforce(self.context, "instance:set_tags")
        instance = find(self, key)
        if tag in instance.tags:
            return no_content()
        begin(self.context, "instance.set_tags", instance.pk, parameters={"more": [tag]})
        return created(url(f"servers/{key}/tags/{tag}"))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, tag: str) -> HttpResponse:
        policy.enforce(self.context, "instance:set_tags")
        instance = find(self, key)
        _enforce_tag(instance, tag)
        begin(self.context, "instance.set_tags", instance.pk, parameters={"without": [tag]})
        return no_content()


class Interfaces(ComputeView):
    """List the server's network interfaces."""

    @contract(answers={200: schemas.INTERFACES})
    def get(self, request: Request, key: str) -> HttpResponse:
        body = [
            {
                "port_id": str(port.pk),
                "net_id": str(port.network_id),
                "mac_addr": port.mac,
                "port_state": "ACTIVE",
                "fixed_ips": [{"ip_address": port.address, "subnet_id": subnet_id(port.network)}],
            }
            for port in find(self, key).ordered_ports
        ]
        return JsonResponse({"interfaceAttachments": body})


class Topology(ComputeView):
    """The guest's NUMA nodes: one if its flavor or image asks for it, else none."""

    since = Version(2, 78)

    @contract(answers={200: schemas.TOPOLOGY})
    def get(self, request: Request, key: str) -> HttpResponse:
        instance = find(self, key)
        options = hardware.values_of(instance)
        node = {"memory_mb": instance.ram_mib, "siblings": [], "vcpu_set": list(range(instance.vcpus))}
        return JsonResponse(
            {
                "nodes": [node] if "numa_nodes" in options else [],
                "pagesize_kb": SMALL_PAGE if "mem_page_size" in options else None,
            }
        )


class SecurityGroups(ComputeView):
    """List the only security group, `default`, by whose name clients find it."""

    @contract(answers={200: schemas.SECURITY_GROUPS})
    def get(self, request: Request, key: str) -> HttpResponse:
        instance = find(self, key)
        group = {
            "id": "default",
            "name": "default",
            "description": "",
            "tenant_id": instance.project_id,
            "rules": [],
        }
        return JsonResponse({"security_groups": [group]})


class Diagnostics(ComputeView):
    """Show diagnostics that need no answer from the guest, for administrators."""

    @contract(answers={200: schemas.DIAGNOSTICS})
    def get(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "instance:read_host")
        instance = find(self, key)
        ports = instance.ordered_ports
        if not self.at_least(48):
            return JsonResponse({"memory": instance.ram_mib * 1024, "vcpus": instance.vcpus})
        up = instance.booted_at if instance.vm_state == VmState.ACTIVE else None
        counters = ("octets", "errors", "drop", "packets", "rate")
        disk = dict.fromkeys(("read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count"))
        body = {
            "state": STATES.get(VmState(instance.vm_state), "shutdown"),
            "driver": "libvirt",
            "hypervisor": instance.hypervisor.virt_type if instance.hypervisor else None,
            "hypervisor_os": "linux",
            "uptime": int((timezone.now() - up).total_seconds()) if up else None,
            "config_drive": True,
            "num_cpus": instance.vcpus,
            "num_nics": len(ports),
            "num_disks": 1,
            "memory_details": {"maximum": instance.ram_mib, "used": None},
            "cpu_details": [
                {"id": number, "time": None, "utilisation": None} for number in range(instance.vcpus)
            ],
            "nic_details": [
                {"mac_address": port.mac}
                | {f"{direction}_{counter}": None for direction in ("rx", "tx") for counter in counters}
                for port in ports
            ],
            "disk_details": [disk],
        }
        return JsonResponse(body)


def _value(instance: Instance, name: str) -> str:
    if name not in instance.metadata:
        raise NotFound(_("Metadata item was not found."))
    return str(instance.metadata[name])


def _enforce_tag(instance: Instance, tag: str) -> None:
    if tag not in instance.tags:
        raise NotFound(_("The server has no tag “%(tag)s”.") % {"tag": tag[:64]})
