"""Schemas of records: instance actions, migrations, usage; and of images for old clients."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    FLAG,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    SECONDS,
    STRING,
    UUID,
    WITHOUT_ZONE,
    Schema,
    extended,
    list_of,
    map_of,
    nullable,
    object_of,
    query_of,
)
from compute.api.schemas import LINKS, MOMENT, PAGE, listing


# ── Instance actions ─────────────────────────────────────────────────────────────────────────────
def _action(minor: int) -> Schema:
    row = object_of(
        {
            "action": STRING,
            "instance_uuid": UUID,
            "request_id": STRING,
            "user_id": STRING,
            "project_id": STRING,
            "start_time": WITHOUT_ZONE,
            "message": nullable(STRING),
        }
    )
    return extended(row, {"updated_at": WITHOUT_ZONE}) if minor >= 58 else row


def _event(minor: int) -> Schema:
    """Return the schema of an event. Tracebacks from 2.51 on, and hosts (2.62), are for administrators only."""
    required: dict[str, Schema] = {
        "event": STRING,
        "start_time": WITHOUT_ZONE,
        "finish_time": nullable(WITHOUT_ZONE),
        "result": nullable(STRING),
    }
    optional: dict[str, Schema] = {"traceback": NULL}
    if minor >= 62:
        required["hostId"] = STRING
        optional["host"] = STRING
    if minor >= 84:
        required["details"] = nullable(STRING)
    return object_of(required, optional)


def _actions_query(minor: int) -> Schema:
    if minor < 58:
        return query_of()
    later = {"changes-before": MOMENT} if minor >= 66 else {}
    return query_of(PAGE, {"changes-since": MOMENT}, later)


ACTIONS_QUERY = by_version(_actions_query, 58, 66)
ACTIONS = by_version(
    lambda minor: object_of({"instanceActions": list_of(_action(minor))}, {"links": LINKS}), 58
)
ACTION = by_version(
    lambda minor: object_of(
        {"instanceAction": extended(_action(minor), optional={"events": list_of(_event(minor))})}
    ),
    58,
    62,
    84,
)


# ── Migrations ───────────────────────────────────────────────────────────────────────────────────
def _migration(minor: int) -> Schema:
    row = object_of(
        {
            "id": INTEGER,
            "instance_uuid": UUID,
            "status": STRING,
            "source_compute": STRING,
            "source_node": STRING,
            "dest_compute": STRING,
            "dest_node": STRING,
            "dest_host": STRING,
            "old_instance_type_id": nullable(INTEGER),
            "new_instance_type_id": nullable(INTEGER),
            "created_at": WITHOUT_ZONE,
            "updated_at": nullable(WITHOUT_ZONE),
        }
    )
    if minor >= 23:
        row = extended(row, {"migration_type": STRING})
    if minor >= 59:
        row = extended(row, {"uuid": UUID})
    return extended(row, {"user_id": STRING, "project_id": STRING}) if minor >= 80 else row


def _migrations_query(minor: int) -> Schema:
    names = ("status", "host", "source_compute", "instance_uuid", "migration_type")
    later: dict[str, Schema] = {"hidden": FLAG}
    if minor >= 59:
        later |= {**PAGE, "changes-since": MOMENT}
    if minor >= 66:
        later["changes-before"] = MOMENT
    if minor >= 80:
        later |= {"user_id": ANY, "project_id": ANY}
    return query_of(dict.fromkeys(names, ANY), later)


MIGRATIONS_QUERY = by_version(_migrations_query, 59, 66, 80)
MIGRATIONS = by_version(lambda minor: listing("migrations", _migration(minor)), 23, 59, 80)
NO_MIGRATIONS: Schema = object_of({"migrations": list_of(OBJECT)})
NO_MIGRATION: Schema = object_of({"migration": OBJECT})

# ── Usage ────────────────────────────────────────────────────────────────────────────────────────
_SERVER_USAGE: Schema = object_of(
    {
        "instance_id": UUID,
        "name": STRING,
        "tenant_id": STRING,
        "flavor": STRING,
        "vcpus": INTEGER,
        "memory_mb": INTEGER,
        "local_gb": INTEGER,
        "hours": NUMBER,
        "state": STRING,
        "uptime": INTEGER,
        "started_at": WITHOUT_ZONE,
        "ended_at": nullable(WITHOUT_ZONE),
    }
)
_USAGE: Schema = object_of(
    {
        "tenant_id": STRING,
        "start": WITHOUT_ZONE,
        "stop": WITHOUT_ZONE,
        "total_hours": NUMBER,
        "total_vcpus_usage": NUMBER,
        "total_memory_mb_usage": NUMBER,
        "total_local_gb_usage": NUMBER,
    },
    {"server_usages": list_of(_SERVER_USAGE)},
)


def _usage_query(minor: int) -> Schema:
    return query_of({"start": MOMENT, "end": MOMENT, "detailed": FLAG}, PAGE if minor >= 40 else {})


USAGE_QUERY = by_version(_usage_query, 40)
USAGES: Schema = listing("tenant_usages", _USAGE)
USAGE: Schema = object_of({"tenant_usage": {"anyOf": [_USAGE, object_of()]}}, {"tenant_usage_links": LINKS})
_LOG: Schema = object_of(
    {
        "hosts_not_run": list_of(STRING),
        "log": OBJECT,
        "num_hosts": INTEGER,
        "num_hosts_done": INTEGER,
        "num_hosts_not_run": INTEGER,
        "num_hosts_running": INTEGER,
        "overall_status": STRING,
        "period_beginning": STRING,
        "period_ending": STRING,
        "total_errors": INTEGER,
        "total_instances": INTEGER,
    }
)
AUDIT_LOG: Schema = object_of(
    optional={"instance_usage_audit_log": _LOG, "instance_usage_audit_logs": _LOG}
) | {
    "minProperties": 1,
    "maxProperties": 1,
}

# ── Images until 2.35 ────────────────────────────────────────────────────────────────────────────
_IMAGE: Schema = object_of({"id": UUID, "name": STRING, "links": LINKS})
_IMAGE_IN_DETAIL: Schema = extended(
    _IMAGE,
    {
        "status": STRING,
        "progress": INTEGER,
        "created": SECONDS,
        "updated": SECONDS,
        "minDisk": INTEGER,
        "minRam": INTEGER,
        "metadata": map_of(STRING),
        "OS-EXT-IMG-SIZE:size": INTEGER,
    },
    {"server": object_of({"id": UUID, "links": LINKS})},
)
IMAGES_QUERY: Schema = query_of(PAGE)
IMAGES: Schema = listing("images", _IMAGE)
IMAGES_IN_DETAIL: Schema = listing("images", _IMAGE_IN_DETAIL)
IMAGE: Schema = object_of({"image": _IMAGE_IN_DETAIL})
