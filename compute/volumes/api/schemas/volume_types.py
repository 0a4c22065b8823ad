"""Schemas of types of volumes."""

from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    STRING,
    TEXT,
    Schema,
    list_of,
    map_of,
    nullable,
    object_of,
    query_of,
    text,
    without,
)
from compute.api.schemas import METADATA, PAGE, SORT, listing

ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "description": nullable(STRING),
        "is_public": BOOLEAN,
        "os-volume-type-access:is_public": BOOLEAN,
        "qos_specs_id": nullable(STRING),
        "extra_specs": map_of(STRING),
    }
)
SHOWN: Schema = object_of({"volume_type": ROW})
CHANGED: Schema = object_of({"volume_type": without(ROW, ["qos_specs_id"])})
UPDATED: Schema = object_of(
    {"volume_type": without(ROW, ["qos_specs_id", "os-volume-type-access:is_public"])}
)
LIST: Schema = listing("volume_types", ROW)
QUERY = query_of(PAGE, SORT, is_public=TEXT, name=TEXT, extra_specs=ANY, offset=ANY)
_FIELDS = {
    "description": nullable(text(255)),
    "is_public": FLAG,
    "os-volume-type-access:is_public": FLAG,
}
CREATE: Schema = object_of(
    {"volume_type": object_of({"name": text(255, 1)}, {**_FIELDS, "extra_specs": nullable(METADATA)})}
)
UPDATE: Schema = object_of({"volume_type": object_of({}, {**_FIELDS, "name": nullable(text(255, 1))})})
SPECS: Schema = object_of({"extra_specs": METADATA})
SPECS_SHOWN: Schema = object_of({"extra_specs": map_of(STRING)})
SPEC: Schema = map_of(text(255), most=1)
SPEC_SHOWN: Schema = map_of(STRING)
ACCESS: Schema = object_of(
    {"volume_type_access": list_of(object_of({"volume_type_id": STRING, "project_id": STRING}))}
)
ACTION: Schema = object_of(
    {},
    {
        "addProjectAccess": object_of({"project": text(255, 1)}),
        "removeProjectAccess": object_of({"project": text(255, 1)}),
    },
) | {"minProperties": 1, "maxProperties": 1}
