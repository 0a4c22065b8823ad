"""The bodies of servers, by microversion and by the asker's role."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from accounts import policy
from accounts.openstack.times import seconds, without_zone
from compute.api.base import ComputeView, bookmark, links
from compute.instances.models import Instance
from compute.instances.services import hardware, machine_disks
from compute.instances.services.config_drive import hostname
from compute.instances.states import VmState

PROGRESS = {"ACTIVE": 100, "BUILD": 0, "REBUILD": 0, "RESIZE": 0, "VERIFY_RESIZE": 100}
POWER: dict[str, int] = {
    VmState.ACTIVE: 1,
    VmState.RESCUED: 1,
    VmState.PAUSED: 3,
    VmState.BUILDING: 0,
    VmState.ERROR: 0,
}
SHUT_DOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What the bodies of one answer depend on: the microversion, and whether the asker may see hosts."""

    minor: int
    reads_hosts: bool

    @classmethod
    def from_view(cls, view: ComputeView) -> "Asker":
        return cls(minor=view.version.minor, reads_hosts=policy.allows(view.context, "instance:read_host"))


def brief(instance: Instance) -> dict[str, Any]:
    return {"id": str(instance.pk), "name": instance.name, "links": links("servers", instance.pk)}


def changed(asker: Asker, instance: Instance) -> dict[str, Any]:
    """Return a server as the answer to an update or a rebuild shows it, from 2.75 on like any other."""
    if asker.minor >= 75:
        return full(asker, instance, one=True)
    return _base(asker, instance, bare_addresses(instance))


def _base(asker: Asker, instance: Instance, addresses: dict[str, Any]) -> dict[str, Any]:
    host = instance.hypervisor.name if instance.hypervisor else ""
    status = instance.status
    body: dict[str, Any] = {
        **brief(instance),
        "status": status,
        "tenant_id": instance.project_id,
        "user_id": instance.user_id or "",
        "metadata": instance.metadata,
        "hostId": _host_id(instance.project_id, host),
        "image": _image(instance),
        "flavor": _flavor(asker, instance),
        "created": seconds(instance.created_at),
        "updated": seconds(instance.updated_at),
        "addresses": addresses,
        "accessIPv4": instance.access_ipv4 or "",
        "accessIPv6": instance.access_ipv6 or "",
        "OS-DCF:diskConfig": "MANUAL",
    }
    if status in PROGRESS:
        body["progress"] = PROGRESS[status]
    if instance.vm_state == VmState.ERROR and instance.fault:
        at = instance.fault.get("at")
        body["fault"] = {
            "code": 500,
            "created": seconds(datetime.fromisoformat(at) if at else instance.updated_at),
            "message": instance.fault.get("message", ""),
        }
    return body | _versioned_fields(asker, instance)


def full(asker: Asker, instance: Instance, *, one: bool) -> dict[str, Any]:
    """Return a server as detailed lists show it. `one` adds the fields of the view of one server."""
    body = _base(asker, instance, addresses(instance))
    body |= {
        "OS-EXT-AZ:availability_zone": instance.availability_zone,
        "OS-EXT-STS:vm_state": instance.vm_state,
        "OS-EXT-STS:task_state": instance.task_state,
        "OS-EXT-STS:power_state": POWER.get(instance.vm_state, SHUT_DOWN),
        "OS-SRV-USG:launched_at": without_zone(instance.launched_at),
        "OS-SRV-USG:terminated_at": without_zone(instance.deleted_at),
        "os-extended-volumes:volumes_attached": [
            {"id": str(row.volume_id)}
            | ({"delete_on_termination": row.delete_on_termination} if asker.minor >= 3 else {})
            for row in instance.ordered_attachments
        ],
        "config_drive": "True",
        "key_name": instance.key_name or None,
        "security_groups": [{"name": "default"}],
    }
    if asker.minor >= 90:
        body["OS-EXT-SRV-ATTR:hostname"] = hostname(instance)
    if asker.reads_hosts:
        body |= _host_fields(asker, instance)
    if not one:
        body.pop("server_groups", None)
    return body


def addresses(instance: Instance) -> dict[str, list[dict[str, Any]]]:
    """Return {network name: its addresses}."""
    by_network: dict[str, list[dict[str, Any]]] = {}
    for port in instance.ordered_ports:
        entry = {
            "version": 6 if ":" in port.address else 4,
            "addr": port.address,
            "OS-EXT-IPS:type": "fixed",
            "OS-EXT-IPS-MAC:mac_addr": port.mac,
        }
        by_network.setdefault(port.network.name, []).append(entry)
    return by_network


def bare_addresses(instance: Instance) -> dict[str, list[dict[str, Any]]]:
    """Return the same without the type of address and the MAC."""
    return {
        name: [{"version": entry["version"], "addr": entry["addr"]} for entry in entries]
        for name, entries in addresses(instance).items()
    }


def _versioned_fields(asker: Asker, instance: Instance) -> dict[str, Any]:
    """Return the fields that microversions have added."""
    body: dict[str, Any] = {}
    if asker.minor >= 9:
        body["locked"] = instance.locked
    if asker.minor >= 19:
        body["description"] = instance.description or None
    if asker.minor >= 26:
        body["tags"] = instance.tags
    if asker.minor >= 63:
        body["trusted_image_certificates"] = None
    if asker.minor >= 71:
        body["server_groups"] = [str(instance.server_group_id)] if instance.server_group_id else []
    if asker.minor >= 73:
        body["locked_reason"] = instance.locked_reason or None
    if asker.minor >= 96:
        body["pinned_availability_zone"] = instance.requested_zone or None
    return body


def _host_fields(asker: Asker, instance: Instance) -> dict[str, Any]:
    host = instance.hypervisor
    body: dict[str, Any] = {
        "OS-EXT-SRV-ATTR:host": host.name if host else None,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": host.name if host else None,
        "OS-EXT-SRV-ATTR:instance_name": instance.guest_name,
    }
    if asker.minor >= 3:
        body |= {
            "OS-EXT-SRV-ATTR:reservation_id": instance.reservation_id,
            "OS-EXT-SRV-ATTR:launch_index": instance.launch_index,
            "OS-EXT-SRV-ATTR:hostname": hostname(instance),
            "OS-EXT-SRV-ATTR:kernel_id": "",
            "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:root_device_name": f"/dev/{machine_disks.first_device(hardware.spec_of(instance))}",
            "OS-EXT-SRV-ATTR:user_data": instance.user_data or None,
        }
    if asker.minor >= 16:
        body["host_status"] = _host_status(instance)
    return body


def _host_status(instance: Instance) -> str:
    host = instance.hypervisor
    if host is None:
        return ""
    if host.state != "up":
        return "DOWN"
    return "UP" if host.enabled else "MAINTENANCE"


@lru_cache(maxsize=1024)
def _host_id(project: str, host: str) -> str:
    """Return an opaque id of the host, which differs between projects."""
    return hashlib.sha224(f"{project}{host}".encode()).hexdigest() if host else ""


def _image(instance: Instance) -> dict[str, Any] | str:
    if instance.image_id is None:
        return ""
    return {"id": str(instance.image_id), "links": bookmark("images", instance.image_id)}


def _flavor(asker: Asker, instance: Instance) -> dict[str, Any]:
    """Return the flavor as it was when it was applied to the instance."""
    if asker.minor >= 47:
        return {
            "vcpus": instance.vcpus,
            "ram": instance.ram_mib,
            "disk": instance.disk_gib,
            "ephemeral": instance.ephemeral_gib,
            "swap": instance.swap_mib,
            "original_name": instance.flavor_name,
            "extra_specs": instance.hardware.get("flavor", {}),
        }
    return {"id": instance.flavor_id, "links": bookmark("flavors", instance.flavor_id)}
