"""Schemas of quotas and limits."""

from accounts.openstack.schema import (
    ANY,
    FLAG,
    INTEGER,
    STRING,
    TEXT,
    Schema,
    list_of,
    map_of,
    nullable,
    object_of,
    query_of,
    whole,
)

_LIMIT: Schema = nullable(whole(-1, 2**31 - 1))
_USED: Schema = object_of(dict.fromkeys(("limit", "in_use", "reserved"), INTEGER), {"allocated": INTEGER})
QUERY = query_of(usage=FLAG, skip_validation=ANY)
SHOWN: Schema = object_of({"quota_set": object_of({"id": STRING}, others={"anyOf": [INTEGER, _USED]})})
CHANGED: Schema = object_of({"quota_set": map_of(INTEGER)})
UPDATE: Schema = object_of(
    {"quota_set": object_of({}, {"tenant_id": ANY, "id": ANY, "force": ANY}, others=_LIMIT)}
)
CLASS_SHOWN: Schema = object_of({"quota_class_set": object_of({"id": STRING}, others=INTEGER)})
CLASS_CHANGED: Schema = object_of({"quota_class_set": map_of(INTEGER)})
CLASS_UPDATE: Schema = object_of({"quota_class_set": object_of({}, {"id": ANY}, others=_LIMIT)})
LIMITS_QUERY = query_of(project_id=TEXT, tenant_id=TEXT)
LIMITS: Schema = object_of({"limits": object_of({"rate": list_of(ANY), "absolute": map_of(INTEGER)})})
