"""Schemas of `/limits`, `/os-quota-sets` and `/os-quota-class-sets`."""

from collections.abc import Callable, Iterable

from accounts.openstack.contract import Versioned, by_version
from accounts.openstack.schema import (
    ANY,
    FLAG,
    INTEGER,
    OBJECT,
    STRING,
    Properties,
    Schema,
    list_of,
    nullable,
    object_of,
    query_of,
    text,
    whole,
)

COUNTED = ("instances", "cores", "ram")
NETWORK = ("fixed_ips", "floating_ips", "security_groups", "security_group_rules")
FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
GROUPS = ("server_groups", "server_group_members")
_LIMIT: Schema = nullable(whole(-1, 2**31 - 1))


def names(minor: int) -> list[str]:
    """Return the names of a project's quotas."""
    quota_names = [*COUNTED, "key_pairs", "metadata_items", *GROUPS]
    quota_names += [] if minor >= 36 else NETWORK
    return quota_names + ([] if minor >= 57 else list(FILES))


def class_names(minor: int) -> list[str]:
    """Return the names of the quotas of the class `default`."""
    quota_names = [*COUNTED, "key_pairs", "metadata_items"]
    quota_names += GROUPS if minor >= 50 else NETWORK
    return quota_names + ([] if minor >= 57 else list(FILES))


def _request_schema(
    field: str, names_at: Callable[[int], Iterable[str]], more: Properties, *steps: int
) -> Versioned:
    def build(minor: int) -> Schema:
        return object_of({field: object_of(optional=dict.fromkeys(names_at(minor), _LIMIT) | dict(more))})

    return by_version(build, *steps)


def _answer_schema(
    field: str, names_at: Callable[[int], Iterable[str]], value: Schema, id_: Properties, *steps: int
) -> Versioned:
    def build(minor: int) -> Schema:
        return object_of({field: object_of(dict.fromkeys(names_at(minor), value) | dict(id_))})

    return by_version(build, *steps)


_ID: Properties = {"id": STRING}
_USED: Schema = object_of({"limit": INTEGER, "in_use": INTEGER, "reserved": INTEGER})
USER_QUERY: Schema = query_of(user_id=text(255, 1))
UPDATE = _request_schema("quota_set", names, {"force": FLAG, "tenant_id": ANY, "id": ANY}, 36, 57)
SHOWN = _answer_schema("quota_set", names, INTEGER, _ID, 36, 57)
CHANGED = _answer_schema("quota_set", names, INTEGER, {}, 36, 57)
DETAIL = _answer_schema("quota_set", names, _USED, _ID, 36, 57)
UPDATE_CLASS = _request_schema("quota_class_set", class_names, {"id": ANY}, 50, 57)
CLASS_SHOWN = _answer_schema("quota_class_set", class_names, INTEGER, _ID, 50, 57)
CLASS_CHANGED = _answer_schema("quota_class_set", class_names, INTEGER, {}, 50, 57)


def _limits(minor: int) -> Schema:
    quota_names = [
        "maxServerMeta",
        "maxTotalKeypairs",
        "maxServerGroups",
        "maxServerGroupMembers",
        "totalServerGroupsUsed",
        "maxTotalInstances",
        "totalInstancesUsed",
        "maxTotalCores",
        "totalCoresUsed",
        "maxTotalRAMSize",
        "totalRAMUsed",
    ]
    if minor < 36:
        quota_names += [
            "maxTotalFloatingIps",
            "totalFloatingIpsUsed",
            "maxSecurityGroups",
            "totalSecurityGroupsUsed",
            "maxSecurityGroupRules",
        ]
    if minor < 39:
        quota_names.append("maxImageMeta")
    if minor < 57:
        quota_names += ["maxPersonality", "maxPersonalitySize"]
    absolute = object_of(dict.fromkeys(quota_names, INTEGER))
    return object_of({"limits": object_of({"rate": list_of(OBJECT), "absolute": absolute})})


LIMITS = by_version(_limits, 36, 39, 57)
LIMITS_QUERY: Schema = query_of(tenant_id=ANY, reserved=ANY)
