"""Schemas of `/OS-EP-FILTER`."""

from accounts.api.schemas.common import DESCRIPTION, SELF, filters, listing, showing, taking
from accounts.openstack.schema import NAME, STRING, Properties, Schema, object_of, text

_FILTERS: Schema = object_of(optional={"service_id": text(64), "region_id": text(255), "interface": text(16)})
_FIELDS: Properties = {"name": NAME, "filters": _FILTERS}
CREATE: Schema = taking("endpoint_group", _FIELDS, {"description": DESCRIPTION})
UPDATE: Schema = taking("endpoint_group", optional={**_FIELDS, "description": DESCRIPTION})
ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "description": STRING,
        "filters": object_of(optional={"service_id": STRING, "region_id": STRING, "interface": STRING}),
        "links": SELF,
    }
)
SHOWN: Schema = showing("endpoint_group", ROW)
LIST: Schema = listing("endpoint_groups", ROW)
QUERY: Schema = filters("name")
