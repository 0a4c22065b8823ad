"""Schemas of `/limits` and `/registered_limits`."""

from accounts.api.schemas.common import DESCRIPTION, KEY, PAGE, SELF, listing, showing, taking
from accounts.openstack.schema import (
    ANY,
    INTEGER,
    NAME,
    STRING,
    Properties,
    Schema,
    list_of,
    nullable,
    object_of,
    query_of,
    whole,
)

MOST_AT_ONCE = 100
_PLACE: Properties = {"service_id": KEY, "region_id": KEY, "description": DESCRIPTION}
_LIMIT: Schema = whole(-1, 2**31 - 1)
CREATE_REGISTERED: Schema = object_of(
    {
        "registered_limits": list_of(
            object_of({"resource_name": NAME}, {"default_limit": _LIMIT, **_PLACE}, others=True),
            least=1,
            most=MOST_AT_ONCE,
        )
    },
    others=True,
)
UPDATE_REGISTERED: Schema = taking(
    "registered_limit", optional={"resource_name": NAME, "default_limit": _LIMIT, **_PLACE}
)
CREATE: Schema = object_of(
    {
        "limits": list_of(
            object_of(
                {"resource_name": NAME, "resource_limit": _LIMIT},
                {"project_id": KEY, "domain_id": KEY, **_PLACE},
                others=True,
            ),
            least=1,
            most=MOST_AT_ONCE,
        )
    },
    others=True,
)
UPDATE: Schema = taking("limit", optional={"resource_limit": _LIMIT, "description": DESCRIPTION})
_SERVICE: Properties = {"service_id": nullable(STRING), "region_id": nullable(STRING)}
ROW: Schema = object_of(
    {
        "id": STRING,
        "project_id": nullable(STRING),
        "domain_id": nullable(STRING),
        **_SERVICE,
        "resource_name": STRING,
        "resource_limit": INTEGER,
        "description": nullable(STRING),
        "links": SELF,
    }
)
REGISTERED: Schema = object_of(
    {
        "id": STRING,
        **_SERVICE,
        "resource_name": STRING,
        "default_limit": INTEGER,
        "description": nullable(STRING),
        "links": SELF,
    }
)
SHOWN: Schema = showing("limit", ROW)
LIST: Schema = listing("limits", ROW)
CREATED: Schema = object_of({"limits": list_of(ROW)})
_RESOURCE: Properties = {"resource_name": ANY, "service_id": ANY, "region_id": ANY}
QUERY: Schema = query_of(PAGE, _RESOURCE, project_id=ANY, domain_id=ANY)
REGISTERED_SHOWN: Schema = showing("registered_limit", REGISTERED)
REGISTERED_LIST: Schema = listing("registered_limits", REGISTERED)
REGISTERED_CREATED: Schema = object_of({"registered_limits": list_of(REGISTERED)})
REGISTERED_QUERY: Schema = query_of(PAGE, _RESOURCE)
MODEL: Schema = object_of({"model": object_of({"name": STRING, "description": STRING})})
