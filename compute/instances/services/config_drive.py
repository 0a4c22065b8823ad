"""The config drive: an ISO image from which a guest reads its metadata (Nova, config-drive format)."""

import io
import json
import re

import pycdlib

from compute.instances.models import Instance
from compute.instances.models.keypair import kind_of
from compute.instances.services import user_data
from compute.networks.models import Port


def build(instance: Instance, admin_password: str = "") -> bytes:
    """Return the ISO image of the instance's config drive. The same rows give the same content."""
    ports = list(instance.ports.order_by("created_at", "pk"))
    metadata: dict[str, object] = {
        "uuid": str(instance.pk),
        "name": instance.name,
        "hostname": hostname(instance),
        "project_id": instance.project_id,
        "launch_index": instance.launch_index,
        "availability_zone": instance.availability_zone,
        "meta": instance.metadata,
    }
    if admin_password:
        metadata["admin_pass"] = admin_password
    if instance.public_key:
        name = instance.key_name or "key"
        metadata["public_keys"] = {name: instance.public_key}
        metadata["keys"] = [{"name": name, "type": kind_of(instance.public_key), "data": instance.public_key}]
    files = {"meta_data.json": json.dumps(metadata).encode()}
    if ports:
        files["network_data.json"] = json.dumps(_network_data(ports)).encode()
    if instance.user_data:
        files["user_data"] = user_data.content(instance)
    return _iso(files)


def hostname(instance: Instance) -> str:
    """Return the guest's host name, which follows from the instance's name unless one was asked for.

    The parts between dots have at most 63 letters, digits and hyphens (RFC 1123).
    """
    if instance.hostname:
        return instance.hostname
    name = re.sub(r"[^a-z0-9]+", "-", instance.name.lower()).strip("-")[:63].strip("-")
    return name or f"instance-{instance.pk.hex[:8]}"


def _network_data(ports: list[Port]) -> dict[str, object]:
    """Return a link and a network for each port, in the order of the guest's interfaces."""
    return {
        "links": [
            {"id": f"port{at}", "vif_id": str(port.pk), "type": "phy", "ethernet_mac_address": port.mac}
            for at, port in enumerate(ports)
        ],
        "networks": [
            {
                "id": f"network{at}",
                "link": f"port{at}",
                "type": "ipv4_dhcp",
                "network_id": str(port.network_id),
            }
            for at, port in enumerate(ports)
        ],
        "services": [],
    }


def _iso(files: dict[str, bytes]) -> bytes:
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, vol_ident="config-2", joliet=3, rock_ridge="1.09")
    iso.add_directory("/OPENSTAC", joliet_path="/openstack", rr_name="openstack")
    iso.add_directory("/OPENSTAC/LATEST", joliet_path="/openstack/latest", rr_name="latest")
    for number, (name, content) in enumerate(files.items()):
        iso.add_fp(
            io.BytesIO(content),
            len(content),
            iso_path=f"/OPENSTAC/LATEST/FILE{number}.;1",
            joliet_path=f"/openstack/latest/{name}",
            rr_name=name,
        )
    buffer = io.BytesIO()
    iso.write_fp(buffer)
    iso.close()
    return buffer.getvalue()
