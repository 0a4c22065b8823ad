"""Images that are no data of their own: snapshots of an instance's volumes, of which launches make new ones.

Nova writes them so, as properties of an image of no size (API guide, block device mapping; `snapshot_volume_backed`).
"""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import BadInput
from accounts.services import inputs
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import image_quota
from compute.instances.models import Instance
from compute.instances.services.block_devices import FIELD, BlockDevice, Source
from compute.volumes.models import Attachment, VolumeSnapshot
from compute.volumes.services import volume_snapshots

MAPPING = Image.VOLUMES
_SOURCES: Mapping[str, Source] = {"snapshot": "snapshot", "volume": "volume", "blank": "blank"}
_OF_IMAGE = ("os_type", "os_admin_user", "os_distro", "os_version")
"""What a volume keeps of its image's properties and a new image takes over, besides those of hardware."""


def create(context: Context, instance: Instance, key: str, name: str, texts: Mapping[str, str]) -> Image:
    """Take snapshots of the instance's volumes, and make the image of them. Raise Forbidden, OverQuota, Conflict."""
    image_quota.reserve(instance.project, context.user, count=1)
    attachments = list(
        instance.attachments.filter(released=False).select_related("volume").order_by("-boots", "created_at")
    )
    rows = []
    for attachment in attachments:
        volume = attachment.volume
        snapshot = volume_snapshots.create(context, volume.pk, name=f"snapshot for {name}"[:255])
        rows.append(_row(attachment, snapshot))
    root = attachments[0].volume
    metadata = root.image_metadata
    image = Image.objects.create(
        pk=key,
        project=instance.project,
        name=name,
        status=Image.Status.ACTIVE,
        visibility="private",
        disk_format="",
        container_format="",
        taken_from=instance,
        user=context.user if context.user.pk else None,
        os_type=metadata.get("os_type", "linux"),
        default_user=metadata.get("os_admin_user", ""),
        min_disk_gib=root.size_gib,
        properties={name: text for name, text in metadata.items() if _is_inherited(name)}
        | {"image_type": "snapshot", "instance_uuid": str(instance.pk), "bdm_v2": "True"}
        | {"root_device_name": attachments[0].device or "/dev/vda", MAPPING: json.dumps(rows)}
        | dict(texts),
    )
    transitions.change(image)
    return image


def devices_of(image: Image) -> list[BlockDevice]:
    """Return the volumes of an instance that is launched from such an image. Raise BadInput."""
    try:
        rows = json.loads(image.properties[MAPPING])
        return [_device(row) for row in rows]
    except (ValueError, TypeError, AttributeError) as error:
        sentence = _("The block devices of the image %(image)s cannot be read.") % {"image": image.name}
        raise BadInput(fields={FIELD: sentence}) from error


def sizes(image: Image) -> list[int]:
    """Return the GiB of the volumes, as far as they are written; for a preview."""
    try:
        return [int(row.get("volume_size") or 0) for row in json.loads(image.properties[MAPPING])]
    except (ValueError, TypeError, AttributeError):
        return []


def _row(attachment: Attachment, snapshot: VolumeSnapshot) -> dict[str, Any]:
    return {
        "source_type": "snapshot",
        "destination_type": "volume",
        "snapshot_id": str(snapshot.pk),
        "boot_index": 0 if attachment.boots else None,
        "volume_size": snapshot.size_gib,
        "volume_type": attachment.volume.type.name,
        "device_name": attachment.device or None,
        "device_type": "disk",
        "disk_bus": "virtio",
        "delete_on_termination": attachment.delete_on_termination,
        "tag": attachment.tag or None,
    }


def _device(row: Mapping[str, Any]) -> BlockDevice:
    return BlockDevice(
        source=_SOURCES.get(str(row.get("source_type")), "blank"),
        key=row.get("snapshot_id") or row.get("volume_id"),
        boots=row.get("boot_index") == 0,
        size=row.get("volume_size"),
        type=row.get("volume_type"),
        delete_on_termination=inputs.flag(row, "delete_on_termination", False),
        tag=str(row.get("tag") or ""),
    )


def _is_inherited(name: str) -> bool:
    return name.startswith("hw_") or name in _OF_IMAGE
