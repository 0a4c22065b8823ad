"""Schemas of the actions on volumes."""

from accounts.openstack.schema import (
    ANY,
    FLAG,
    OBJECT,
    STRING,
    TEXT,
    UUID,
    Schema,
    map_of,
    nullable,
    object_of,
    one_of,
    text,
    whole,
)
from compute.api.schemas import METADATA

NOTHING: Schema = ANY
EXTEND: Schema = object_of({"new_size": whole(1)})
BOOTABLE: Schema = object_of({"bootable": FLAG})
READ_ONLY: Schema = object_of({"readonly": FLAG})
RESET: Schema = object_of(
    {}, {"status": nullable(TEXT), "attach_status": nullable(TEXT), "migration_status": nullable(TEXT)}
)
ATTACH: Schema = object_of(
    {},
    {
        "instance_uuid": nullable(UUID),
        "mountpoint": nullable(text(255)),
        "host_name": nullable(text(255)),
        "mode": nullable(text(2)),
    },
)
DETACH: Schema = nullable(object_of({}, {"attachment_id": nullable(TEXT)}))
REVERT: Schema = object_of({"snapshot_id": UUID})
RETYPE: Schema = object_of(
    {"new_type": text(255, 1)}, {"migration_policy": one_of("never", "on-demand", None)}
)
MIGRATE: Schema = object_of(
    {"host": text(255, 1)}, {"force_host_copy": nullable(FLAG), "lock_volume": nullable(FLAG)}
)
UPLOAD: Schema = object_of(
    {"image_name": text(255, 1)},
    {
        "disk_format": nullable(text(255)),
        "container_format": nullable(text(255)),
        "force": nullable(FLAG),
        "visibility": nullable(text(255)),
        "protected": nullable(FLAG),
    },
)
FORCE_DETACH: Schema = object_of({}, {"attachment_id": nullable(TEXT), "connector": ANY})
SET_IMAGE_METADATA: Schema = object_of({"metadata": METADATA})
UNSET_IMAGE_METADATA: Schema = object_of({"key": text(255, 1)})
BODIES = {
    "os-extend": EXTEND,
    "os-set_bootable": BOOTABLE,
    "os-update_readonly_flag": READ_ONLY,
    "os-reset_status": RESET,
    "os-force_delete": NOTHING,
    "os-attach": ATTACH,
    "os-detach": DETACH,
    "os-force_detach": FORCE_DETACH,
    "revert": REVERT,
    "os-volume_upload_image": UPLOAD,
    "os-retype": RETYPE,
    "os-migrate_volume": MIGRATE,
    "os-reserve": NOTHING,
    "os-unreserve": NOTHING,
    "os-set_image_metadata": SET_IMAGE_METADATA,
    "os-unset_image_metadata": UNSET_IMAGE_METADATA,
    "os-show_image_metadata": NOTHING,
}
"""{action: the schema of its value}."""

BODY: Schema = object_of({}, BODIES) | {"minProperties": 1, "maxProperties": 1}
ANSWER: Schema = {
    "type": "object",
    "properties": {"metadata": map_of(STRING), "os-volume_upload_image": OBJECT},
    "x-optional": True,
}
"""Most actions answer without a body."""
