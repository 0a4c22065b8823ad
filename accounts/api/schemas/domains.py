"""Schemas of `/domains`."""

from accounts.api.schemas.common import DESCRIPTION, NO_OPTIONS, SELF, filters, listing, showing, taking
from accounts.openstack.schema import BOOLEAN, FLAG, STRING, Properties, Schema, list_of, object_of, text

_NAME: Schema = text(64, 1)
_FIELDS: Properties = {"description": DESCRIPTION, "enabled": FLAG}
CREATE: Schema = taking("domain", {"name": _NAME}, _FIELDS)
UPDATE: Schema = taking("domain", optional={"name": _NAME, **_FIELDS})
ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "description": STRING,
        "enabled": BOOLEAN,
        "tags": list_of(STRING),
        "options": NO_OPTIONS,
        "links": SELF,
    }
)
SHOWN: Schema = showing("domain", ROW)
LIST: Schema = listing("domains", ROW)
QUERY: Schema = filters("name", flags=("enabled",))
