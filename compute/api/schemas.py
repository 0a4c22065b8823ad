"""Parts of the schemas of all resources of the Compute API."""

from django.utils.translation import gettext_lazy as _

from accounts.names import KEY
from accounts.openstack.schema import (
    ANY,
    EMPTY,
    STRING,
    TEXT,
    TIME,
    Properties,
    Schema,
    explained,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    text,
    whole,
)

LINK: Schema = object_of({"rel": STRING, "href": STRING}, {"type": STRING})
LINKS: Schema = list_of(LINK)
LIMIT: Schema = explained({"anyOf": [whole(0), EMPTY]}, _("Give a whole number from 0."))
PAGE: Properties = {"limit": LIMIT, "marker": TEXT}
SORT: Properties = {"sort_key": ANY, "sort_dir": one_of("asc", "desc")}
MOMENT: Schema = explained({"anyOf": [TIME, EMPTY]}, _("Give a time like 2030-01-31T12:00:00."))
ID_OR_NUMBER: Schema = {"type": ["string", "integer"]}
METADATA: Schema = map_of(text(255), keys=KEY)
ADDRESS_4: Schema = {"type": "string", "format": "ipv4-or-empty"}
ADDRESS_6: Schema = {"type": "string", "format": "ipv6-or-empty"}
DISK_CONFIG: Schema = one_of("MANUAL", "AUTO")
UNSUPPORTED: Schema = explained({"enum": [None, "", [], {}]}, _("This is not supported."))
DELETED: Properties = {"deleted": {"type": "boolean"}, "deleted_at": nullable(STRING)}

_VERSION: Schema = object_of(
    {
        "id": STRING,
        "status": STRING,
        "version": STRING,
        "min_version": STRING,
        "updated": STRING,
        "links": LINKS,
    },
    {"media-types": list_of(object_of({"base": STRING, "type": STRING}))},
)
VERSIONS: Schema = object_of({"versions": list_of(_VERSION)})
BRIEF_VERSIONS: Schema = object_of(
    {"versions": list_of(object_of({"id": STRING, "status": STRING, "links": LINKS}))}
)
"""The versions of an API without microversions."""
VERSION: Schema = object_of({"version": _VERSION})
_EXTENSION: Schema = object_of(
    {
        **dict.fromkeys(("alias", "name", "description", "namespace", "updated"), STRING),
        "links": LINKS,
    }
)
EXTENSIONS: Schema = object_of({"extensions": list_of(_EXTENSION)})
EXTENSION: Schema = object_of({"extension": _EXTENSION})


def listing(plural: str, row: Schema) -> Schema:
    """Return the schema of a page of a list."""
    return object_of({plural: list_of(row)}, {f"{plural}_links": LINKS})
