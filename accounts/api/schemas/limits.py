"""Schemas of `/limits` and `/registered_limits`."""

from accounts.api.schemas.common import DESCRIPTION, KEY, PAGE, SELF, listing, showing, taking
from accounts.openstack.schema import (
    ANY,
    INTEGER,
    NAME,
    NULL,
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
ROW: Schema = object_of(
    {
        "id": STRING,
        "project_id": STRING,
        "domain_id": NULL,
        "service_id": NULL,
        "region_id": NULL,
        "resource_name": STRING,
        "resource_limit": INTEGER,
        "description": NULL,
        "links": SELF,
    }
)
REGISTERED: Schema = object_of(
    {
        "id": STRING,
        "service_id": NULL,
        "region_id": NULL,
        "resource_name": STRING,
        "default_limit": INTEGER,
        "description": nullable(STRING),
        "links": SELF,
    }
)
SHOWN: Schema = showing("limit", ROW)
LIST: Schema = listing("limits", ROW)
CREATED: Schema = object_of({"limits": list_of(ROW)})
QUERY: Schema = query_of(PAGE, resource_name=ANY, project_id=ANY)
REGISTERED_SHOWN: Schema = showing("registered_limit", REGISTERED)
REGISTERED_LIST: Schema = listing("registered_limits", REGISTERED)
REGISTERED_QUERY: Schema = query_of(PAGE, resource_name=ANY)
MODEL: Schema = object_of({"model": object_of({"name": STRING, "description": STRING})})
