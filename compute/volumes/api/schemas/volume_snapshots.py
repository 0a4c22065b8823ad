"""Schemas of snapshots of volumes."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    FLAG,
    INTEGER,
    NULL,
    STRING,
    TEXT,
    UUID,
    WITHOUT_ZONE,
    Schema,
    extended,
    map_of,
    nullable,
    object_of,
    query_of,
    text,
    whole,
)
from compute.api.schemas import METADATA, PAGE, SORT, listing


def _row(minor: int) -> Schema:
    required: dict[str, Schema] = {
        "id": STRING,
        "name": STRING,
        "description": nullable(STRING),
        "status": STRING,
        "size": INTEGER,
        "volume_id": STRING,
        "metadata": map_of(STRING),
        "created_at": WITHOUT_ZONE,
        "updated_at": nullable(WITHOUT_ZONE),
    }
    if minor >= 14:
        required["group_snapshot_id"] = NULL
    if minor >= 41:
        required["user_id"] = nullable(STRING)
    if minor >= 65:
        required["consumes_quota"] = {"type": "boolean"}
    return object_of(required)


def _detailed(minor: int) -> Schema:
    return extended(
        _row(minor),
        {
            "os-extended-snapshot-attributes:progress": STRING,
            "os-extended-snapshot-attributes:project_id": STRING,
        },
    )


def _list(row: Schema, minor: int) -> Schema:
    schema = listing("snapshots", row)
    return extended(schema, optional={"count": INTEGER}) if minor >= 45 else schema


_STEPS = (14, 41, 45, 65)
LIST = by_version(lambda minor: _list(_row(minor), minor), *_STEPS, first=0)
DETAIL = by_version(lambda minor: _list(_detailed(minor), minor), *_STEPS, first=0)
SHOWN = by_version(lambda minor: object_of({"snapshot": _detailed(minor)}), 14, 41, 65, first=0)
CHANGED = by_version(lambda minor: object_of({"snapshot": _row(minor)}), 14, 41, 65, first=0)
QUERY = query_of(
    PAGE,
    SORT,
    all_tenants=FLAG,
    project_id=TEXT,
    name=TEXT,
    status=TEXT,
    volume_id=TEXT,
    metadata=TEXT,
    user_id=TEXT,
    created_at=TEXT,
    updated_at=TEXT,
    with_count=FLAG,
    sort=TEXT,
    offset=whole(0),
    availability_zone=ANY,
    consumes_quota=ANY,
)
_NAME: Schema = nullable(text(255))
_FIELDS = {
    "name": _NAME,
    "display_name": _NAME,
    "description": _NAME,
    "display_description": _NAME,
    "metadata": nullable(METADATA),
}


def _create(minor: int) -> Schema:
    optional: dict[str, Schema] = {**_FIELDS, "force": FLAG}
    return object_of({"snapshot": object_of({"volume_id": nullable(UUID)}, optional)})


CREATE = by_version(_create, first=0)
UPDATE: Schema = object_of({"snapshot": object_of({}, _FIELDS)})
ACTION: Schema = object_of(
    {},
    {
        "os-reset_status": object_of({"status": text(255, 1)}),
        "os-update_snapshot_status": object_of({"status": text(255, 1)}, {"progress": ANY}),
        "os-force_delete": ANY,
    },
) | {"minProperties": 1, "maxProperties": 1}
