"""Schemas of `/groups`."""

from accounts.api.schemas.common import DESCRIPTION, KEY, SELF, filters, listing, showing, taking
from accounts.openstack.schema import STRING, Schema, object_of, text

_NAME: Schema = text(64, 1)
CREATE: Schema = taking("group", {"name": _NAME}, {"domain_id": KEY, "description": DESCRIPTION})
UPDATE: Schema = taking("group", optional={"name": _NAME, "description": DESCRIPTION})
ROW: Schema = object_of(
    {"id": STRING, "name": STRING, "domain_id": STRING, "description": STRING, "links": SELF}
)
SHOWN: Schema = showing("group", ROW)
LIST: Schema = listing("groups", ROW)
QUERY: Schema = filters("name", "domain_id")
