"""Schemas of `/roles`, what each implies, and `/role_inferences`."""

from accounts.api.schemas.common import (
    DESCRIPTION,
    KEY,
    NO_OPTIONS,
    SELF,
    filters,
    listing,
    showing,
    taking,
)
from accounts.openstack.schema import (
    ANY,
    STRING,
    Properties,
    Schema,
    extended,
    list_of,
    nullable,
    object_of,
    text,
)

_NAME: Schema = text(64, 1)
_FIELDS: Properties = {"description": DESCRIPTION, "domain_id": KEY}
CREATE: Schema = taking("role", {"name": _NAME}, _FIELDS)
UPDATE: Schema = taking("role", optional={"name": _NAME, **_FIELDS})
ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "domain_id": nullable(STRING),
        "description": nullable(STRING),
        "options": NO_OPTIONS,
        "links": SELF,
    }
)
SHOWN: Schema = showing("role", ROW)
LIST: Schema = listing("roles", ROW)
QUERY: Schema = extended(filters("name"), optional={"domain_id": ANY})
_BRIEF: Schema = object_of({"id": STRING, "name": STRING, "description": nullable(STRING), "links": SELF})


def _inference(implies: Schema) -> Schema:
    return object_of({"prior_role": _BRIEF, "implies": implies})


ALL_IMPLIED: Schema = object_of({"role_inference": _inference(list_of(_BRIEF)), "links": SELF})
IMPLIED: Schema = object_of({"role_inference": _inference(_BRIEF), "links": SELF})
INFERENCES: Schema = object_of({"role_inferences": list_of(_inference(list_of(_BRIEF))), "links": SELF})
