"""Schemas of backups."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    INTEGER,
    STRING,
    TEXT,
    UUID,
    WITHOUT_ZONE,
    Schema,
    extended,
    map_of,
    nullable,
    object_of,
    one_of,
    query_of,
    text,
    whole,
)
from compute.api.schemas import LINKS, METADATA, PAGE, SORT, listing

BRIEF: Schema = object_of({"id": STRING, "name": STRING, "links": LINKS})


def _row(minor: int) -> Schema:
    required: dict[str, Schema] = {
        "id": STRING,
        "name": STRING,
        "description": nullable(STRING),
        "status": STRING,
        "size": INTEGER,
        "object_count": INTEGER,
        "fail_reason": nullable(STRING),
        "links": LINKS,
        "availability_zone": STRING,
        "created_at": WITHOUT_ZONE,
        "updated_at": nullable(WITHOUT_ZONE),
        "has_dependent_backups": BOOLEAN,
        "volume_id": nullable(STRING),
        "container": STRING,
        "is_incremental": BOOLEAN,
        "snapshot_id": nullable(STRING),
        "data_timestamp": nullable(WITHOUT_ZONE),
    }
    if minor >= 18:
        required["os-backup-project-attr:project_id"] = STRING
    if minor >= 43:
        required["metadata"] = map_of(STRING)
    if minor >= 56:
        required["user_id"] = nullable(STRING)
    return object_of(required)


def _list(row: Schema, minor: int) -> Schema:
    schema = listing("backups", row)
    return extended(schema, optional={"count": INTEGER}) if minor >= 45 else schema


LIST = by_version(lambda minor: _list(BRIEF, minor), 45, first=0)
DETAIL = by_version(lambda minor: _list(_row(minor), minor), 18, 43, 45, 56, first=0)
SHOWN = by_version(lambda minor: object_of({"backup": _row(minor)}), 18, 43, 56, first=0)
CREATED: Schema = object_of({"backup": BRIEF})
QUERY = query_of(
    PAGE,
    SORT,
    all_tenants=FLAG,
    project_id=TEXT,
    name=TEXT,
    status=TEXT,
    volume_id=TEXT,
    user_id=TEXT,
    created_at=TEXT,
    updated_at=TEXT,
    with_count=FLAG,
    sort=TEXT,
    offset=whole(0),
)
_NAME: Schema = nullable(text(255))
_FIELDS = {"name": _NAME, "description": _NAME, "metadata": nullable(METADATA)}
CREATE: Schema = object_of(
    {
        "backup": object_of(
            {"volume_id": UUID},
            {
                **_FIELDS,
                "container": _NAME,
                "incremental": nullable(FLAG),
                "force": nullable(FLAG),
                "snapshot_id": nullable(UUID),
                "availability_zone": _NAME,
            },
        )
    }
)
UPDATE: Schema = object_of({"backup": object_of({}, _FIELDS)})
RESTORE: Schema = object_of(
    {"restore": nullable(object_of({}, {"volume_id": nullable(UUID), "name": _NAME}))}
)
RESTORED: Schema = object_of(
    {"restore": object_of({"backup_id": STRING, "volume_id": STRING, "volume_name": STRING})}
)
RECORD: Schema = object_of({"backup-record": object_of({"backup_service": STRING, "backup_url": STRING})})
IMPORT: Schema = object_of(
    {"backup-record": object_of({"backup_service": text(255, 1), "backup_url": text(65535, 1)})}
)
ACTION: Schema = object_of(
    {},
    {"os-reset_status": object_of({"status": one_of("available", "error")}), "os-force_delete": ANY},
) | {"minProperties": 1, "maxProperties": 1}
