"""Schemas of the version documents."""

from accounts.openstack.schema import STRING, Schema, list_of, object_of

_LINKS: Schema = list_of(object_of({"rel": STRING, "href": STRING}))
_VERSION: Schema = object_of(
    {
        "id": STRING,
        "status": STRING,
        "updated": STRING,
        "links": _LINKS,
        "media-types": list_of(object_of({"base": STRING, "type": STRING})),
    }
)
VERSIONS: Schema = object_of({"versions": object_of({"values": list_of(_VERSION)})})
VERSION: Schema = object_of({"version": _VERSION})
