"""Volumes as the API shows them."""

from typing import Any

from accounts.context import Context
from accounts.openstack.times import without_zone
from compute.hosts.models import Hypervisor, Pool
from compute.volumes.api.base import links_of
from compute.volumes.models import Attachment, Volume


def brief(volume: Volume) -> dict[str, Any]:
    return {"id": str(volume.pk), "name": volume.name, "links": _links(volume)}


def new(volume: Volume, minor: int) -> dict[str, Any]:
    """Return a volume as the answers to its creation and change show it (API reference, volumes)."""
    attachment = volume.attachment
    body: dict[str, Any] = {
        "id": str(volume.pk),
        "name": volume.name,
        "description": volume.description or None,
        "status": volume.shown_status,
        "size": volume.size_gib,
        "volume_type": volume.type.name,
        "availability_zone": _zone(volume),
        "bootable": "true" if volume.bootable else "false",
        "encrypted": False,
        "multiattach": False,
        "metadata": volume.metadata | _read_only(volume),
        "attachments": [_attachment(volume, attachment)] if attachment and attachment.attached_at else [],
        "source_volid": str(volume.source_volume_id) if volume.source_volume_id else None,
        "snapshot_id": str(volume.snapshot_id) if volume.snapshot_id else None,
        "consistencygroup_id": None,
        "replication_status": None,
        "migration_status": volume.migration_status or None,
        "user_id": volume.user_id,
        "links": _links(volume),
        "created_at": without_zone(volume.created_at),
        "updated_at": without_zone(volume.updated_at),
    }
    if minor >= 13:
        body["group_id"] = None
    if minor >= 21:
        body["provider_id"] = None
    if minor >= 48:
        body |= {"shared_targets": None if minor >= 69 else False, "service_uuid": None}
    if minor >= 61:
        body["cluster_name"] = None
    if minor >= 63:
        body["volume_type_id"] = str(volume.type_id)
    if minor >= 65:
        body["consumes_quota"] = True
    return body


def show(volume: Volume, context: Context, minor: int) -> dict[str, Any]:
    """Return a volume in detail; administrators see where it lies."""
    body = new(volume, minor) | {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if volume.image_metadata:
        body["volume_image_metadata"] = volume.image_metadata
    if context.is_admin:
        body |= {
            "os-vol-host-attr:host": pool_name(volume.disk.pool) if volume.disk else None,
            "os-vol-mig-status-attr:migstat": volume.migration_status or None,
            "os-vol-mig-status-attr:name_id": None,
        }
    return body


def _read_only(volume: Volume) -> dict[str, str]:
    """Return whether it is read-only, which Cinder shows among the metadata once somebody has said."""
    return {} if volume.read_only is None else {"readonly": str(volume.read_only)}


def pool_name(pool: Pool) -> str:
    """Return Cinder's name of a pool: `host@backend#pool`."""
    return f"{pool.first_host or ''}@{pool.kind}#{pool.name}"


def _zone(volume: Volume) -> str:
    host = volume.disk.pool.first_host if volume.disk else None
    return host.availability_zone if host else volume.requested_zone or Hypervisor.DEFAULT_ZONE


def _attachment(volume: Volume, attachment: Attachment) -> dict[str, Any]:
    return {
        "id": str(volume.pk),
        "attachment_id": str(attachment.pk),
        "volume_id": str(volume.pk),
        "server_id": str(attachment.instance_id),
        "host_name": None,
        "device": device(volume),
        "attached_at": without_zone(attachment.attached_at),
    }


def device(volume: Volume) -> str:
    """Return the path of the volume's disk in its instance, as far as the host knows it."""
    return f"/dev/{volume.disk.device}" if volume.disk and volume.disk.device else ""


def _links(volume: Volume) -> list[dict[str, str]]:
    return links_of(f"volumes/{volume.pk}")
