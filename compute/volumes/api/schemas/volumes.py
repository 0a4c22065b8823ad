"""Schemas of volumes."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    INTEGER,
    NULL,
    STRING,
    TEXT,
    UUID,
    WITHOUT_ZONE,
    Properties,
    Schema,
    explained,
    extended,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    query_of,
    text,
    whole,
)
from compute.api.schemas import LINKS, METADATA, PAGE, SORT, listing

_TIME: Schema = nullable(WITHOUT_ZONE)
ATTACHMENT: Schema = object_of(
    {
        "id": STRING,
        "attachment_id": STRING,
        "volume_id": STRING,
        "server_id": STRING,
        "host_name": nullable(STRING),
        "device": STRING,
        "attached_at": _TIME,
    }
)
BRIEF: Schema = object_of({"id": STRING, "name": STRING, "links": LINKS})


def _new(minor: int) -> Schema:
    """Return the schema of a volume in the answer to its creation."""
    required: dict[str, Schema] = {
        "id": STRING,
        "name": STRING,
        "description": nullable(STRING),
        "status": STRING,
        "size": INTEGER,
        "volume_type": STRING,
        "availability_zone": STRING,
        "bootable": one_of("true", "false"),
        "encrypted": BOOLEAN,
        "multiattach": BOOLEAN,
        "metadata": map_of(STRING),
        "attachments": list_of(ATTACHMENT),
        "source_volid": nullable(STRING),
        "snapshot_id": nullable(STRING),
        "consistencygroup_id": NULL,
        "replication_status": NULL,
        "migration_status": nullable(STRING),
        "user_id": nullable(STRING),
        "links": LINKS,
        "created_at": WITHOUT_ZONE,
        "updated_at": _TIME,
    }
    if minor >= 13:
        required["group_id"] = NULL
    if minor >= 21:
        required["provider_id"] = NULL
    if minor >= 48:
        required |= {"shared_targets": nullable(BOOLEAN), "service_uuid": nullable(STRING)}
    if minor >= 61:
        required["cluster_name"] = NULL
    if minor >= 63:
        required["volume_type_id"] = STRING
    if minor >= 65:
        required["consumes_quota"] = BOOLEAN
    return object_of(required)


def _row(minor: int) -> Schema:
    """Return the schema of a volume in detail."""
    return extended(
        _new(minor),
        {"os-vol-tenant-attr:tenant_id": STRING},
        {
            "volume_image_metadata": map_of(STRING),
            "os-vol-host-attr:host": nullable(STRING),
            "os-vol-mig-status-attr:migstat": nullable(STRING),
            "os-vol-mig-status-attr:name_id": NULL,
        },
    )


_STEPS = (13, 21, 48, 61, 63, 65)
CREATED = by_version(lambda minor: object_of({"volume": _new(minor)}), *_STEPS, first=0)
SHOWN = by_version(lambda minor: object_of({"volume": _row(minor)}), *_STEPS, first=0)
UPDATED = CREATED


def _list(row: Schema, minor: int) -> Schema:
    schema = listing("volumes", row)
    return extended(schema, optional={"count": INTEGER}) if minor >= 45 else schema


LIST = by_version(lambda minor: _list(BRIEF, minor), 45, first=0)
DETAIL = by_version(lambda minor: _list(_row(minor), minor), 13, 21, 45, 48, 61, 63, 65, first=0)
SUMMARY = by_version(
    lambda minor: object_of(
        {
            "volume-summary": object_of(
                {"total_size": INTEGER, "total_count": INTEGER}
                | ({"metadata": map_of(list_of(STRING))} if minor >= 36 else {})
            )
        }
    ),
    36,
    first=0,
)

FILTERS: Properties = {
    "name": TEXT,
    "display_name": TEXT,
    "status": TEXT,
    "all_tenants": FLAG,
    "project_id": TEXT,
    "user_id": TEXT,
    "bootable": FLAG,
    "metadata": TEXT,
    "availability_zone": TEXT,
    "migration_status": ANY,
    "volume_type": TEXT,
    "volume_type_id": TEXT,
    "size": whole(0),
    "name~": TEXT,
    "status~": TEXT,
    "description~": TEXT,
    "created_at": TEXT,
    "updated_at": TEXT,
    "with_count": FLAG,
    "sort": TEXT,
    "offset": whole(0),
    "group_id": ANY,
    "glance_metadata": TEXT,
}
QUERY = query_of(PAGE, SORT, FILTERS)

_NO: Schema = explained({"enum": [None, False, "", "false", "False"]}, _("This is not supported."))
_NAME: Schema = nullable(text(255))
CREATE: Schema = object_of(
    {
        "volume": object_of(
            {},
            {
                "size": nullable(whole(1)),
                "name": _NAME,
                "display_name": _NAME,
                "description": _NAME,
                "display_description": _NAME,
                "volume_type": _NAME,
                "availability_zone": _NAME,
                "imageRef": nullable(text(255)),
                "image_id": nullable(text(255)),
                "source_volid": nullable(UUID),
                "snapshot_id": nullable(UUID),
                "backup_id": nullable(UUID),
                "metadata": nullable(METADATA),
                "multiattach": _NO,
                "consistencygroup_id": _NO,
                "group_id": _NO,
                "source_replica": ANY,
                # What clients have sent since version 2, and Cinder ignores.
                "user_id": ANY,
                "project_id": ANY,
                "status": ANY,
                "attach_status": ANY,
                "replication": ANY,
            },
        )
    },
    {"OS-SCH-HNT:scheduler_hints": nullable({"type": "object"})},
)
UPDATE: Schema = object_of(
    {
        "volume": object_of(
            {},
            {
                "name": _NAME,
                "display_name": _NAME,
                "description": _NAME,
                "display_description": _NAME,
                "metadata": nullable(METADATA),
            },
        )
    }
)
DELETE_QUERY = query_of(cascade=FLAG, force=FLAG)

METADATA_BODY: Schema = object_of({"metadata": METADATA})
METADATA_SHOWN: Schema = object_of({"metadata": map_of(STRING)})
META_BODY: Schema = object_of({"meta": METADATA | {"minProperties": 1, "maxProperties": 1}})
META_SHOWN: Schema = object_of({"meta": map_of(STRING)})
