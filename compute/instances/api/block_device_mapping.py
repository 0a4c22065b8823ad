"""Block devices of new servers, as Nova's clients write them (API reference, servers, create server).

`block_device_mapping_v2` in all its forms, and the older `block_device_mapping`, whose devices are volumes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_tag
from accounts.services import inputs
from compute.instances.services.block_devices import BlockDevice, Source

FIELD = "block_device_mapping_v2"
_SOURCES: Mapping[str, Source] = {
    "volume": "volume",
    "image": "image",
    "snapshot": "snapshot",
    "blank": "blank",
}


@dataclass(slots=True, kw_only=True)
class DeviceMapping:
    """The image to boot from a disk of the instance's own, and its volumes."""

    image_id: object = None
    devices: list[BlockDevice] = field(default_factory=list)


def read(server: Mapping[str, Any]) -> DeviceMapping:
    """Return the image and the block devices of a request. Raise BadInput."""
    mapping = DeviceMapping(image_id=server.get("imageRef"))
    rows = [*(server.get(FIELD) or []), *map(_newer, server.get("block_device_mapping") or [])]
    for number, row in enumerate(rows):
        if _is_local_boot(row):
            if mapping.image_id and row.get("uuid") != mapping.image_id:
                raise _bad_input(_("The image of the device is not the server's."))
            mapping.image_id = row.get("uuid")
        else:
            mapping.devices.append(_device(row, number, has_image=bool(server.get("imageRef"))))
    boots = any(device.boots for device in mapping.devices)
    if boots and server.get("imageRef"):
        # Clients name the image of the new root volume twice.
        mapping.image_id = None
    return mapping


def _newer(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a device of the older form as one of the newer."""
    snapshot_id = row.get("snapshot_id")
    return {
        "source_type": "snapshot" if snapshot_id else "volume",
        "destination_type": "volume",
        "uuid": snapshot_id or row.get("volume_id"),
        "boot_index": 0 if str(row.get("device_name", "")).endswith("a") else None,
        "device_name": row.get("device_name"),
        "delete_on_termination": row.get("delete_on_termination", False),
        "volume_size": row.get("volume_size"),
    }


def _is_local_boot(row: Mapping[str, Any]) -> bool:
    return (
        row.get("source_type") == "image"
        and row.get("destination_type", "local") == "local"
        and str(row.get("boot_index", "0")) == "0"
    )


def _device(row: Mapping[str, Any], number: int, *, has_image: bool) -> BlockDevice:
    source = _SOURCES.get(str(row.get("source_type")))
    if source is None:
        raise _bad_input(_("Say volume, image, snapshot or blank as source_type."))
    if row.get("destination_type") == "local" or (source == "blank" and row.get("destination_type") is None):
        raise _bad_input(_("Ephemeral and swap disks come with the flavor; choose one that has them."))
    index = row.get("boot_index")
    boots = str(index) == "0" or (index is None and number == 0 and not has_image and source != "blank")
    tag = row.get("tag") or ""
    if tag and not is_tag(tag, 60):
        raise _bad_input(_("Use tags of at most 60 characters, without slashes and commas."))
    if boots and source == "blank":
        raise _bad_input(_("An empty volume holds no system to boot from."))
    return BlockDevice(
        source=source,
        key=row.get("uuid"),
        boots=boots,
        size=row.get("volume_size"),
        type=row.get("volume_type"),
        delete_on_termination=inputs.flag(row, "delete_on_termination", False),
        device=str(row.get("device_name") or "")[:16],
        tag=tag,
    )


def _bad_input(sentence: str) -> BadInput:
    return BadInput(fields={FIELD: sentence})
