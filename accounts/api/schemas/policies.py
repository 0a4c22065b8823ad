"""Schemas of `/policies`."""

from accounts.api.schemas.common import SELF, filters, listing, showing, taking
from accounts.openstack.schema import NAME, STRING, Properties, Schema, object_of, text
from accounts.services.policies import LONGEST

_FIELDS: Properties = {"type": NAME, "blob": text(LONGEST)}
CREATE: Schema = taking("policy", _FIELDS)
UPDATE: Schema = taking("policy", optional=_FIELDS)
ROW: Schema = object_of({"id": STRING, "type": STRING, "blob": STRING, "links": SELF})
SHOWN: Schema = showing("policy", ROW)
LIST: Schema = listing("policies", ROW)
QUERY: Schema = filters("type")
