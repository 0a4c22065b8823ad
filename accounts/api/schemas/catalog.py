"""Schemas of `/regions`, `/services` and `/endpoints`."""

from django.utils.translation import gettext_lazy as _

from accounts.api.schemas.common import DESCRIPTION, KEY, SELF, filters, listing, showing, taking
from accounts.openstack.schema import (
    BOOLEAN,
    FLAG,
    NAME,
    STRING,
    Properties,
    Schema,
    explained,
    nullable,
    object_of,
    segment,
    text,
)
from accounts.services.catalog import REGION_ID

_REGION: Properties = {
    "id": nullable(segment(REGION_ID)),
    "description": DESCRIPTION,
    "parent_region_id": KEY,
}
CREATE_REGION: Schema = taking("region", optional=_REGION)
# Its id is in the address; clients may leave the body out.
PUT_REGION: Schema = object_of(optional={"region": object_of(optional=_REGION, others=True)}, others=True)
UPDATE_REGION: Schema = CREATE_REGION
REGION: Schema = object_of(
    {"id": STRING, "description": STRING, "parent_region_id": nullable(STRING), "links": SELF}
)
REGION_SHOWN: Schema = showing("region", REGION)
REGIONS: Schema = listing("regions", REGION)
REGION_QUERY: Schema = filters("parent_region_id")

_SERVICE: Properties = {"name": nullable(text(255)), "description": DESCRIPTION, "enabled": FLAG}
CREATE_SERVICE: Schema = taking("service", {"type": NAME}, _SERVICE)
UPDATE_SERVICE: Schema = taking("service", optional={"type": NAME, **_SERVICE})
SERVICE: Schema = object_of(
    {
        "id": STRING,
        "type": STRING,
        "name": STRING,
        "description": STRING,
        "enabled": BOOLEAN,
        "links": SELF,
    }
)
SERVICE_SHOWN: Schema = showing("service", SERVICE)
SERVICES: Schema = listing("services", SERVICE)
SERVICE_QUERY: Schema = filters("name", "type")

_INTERFACE: Schema = explained(
    {"type": "string", "pattern": "^(public|internal|admin)(URL)?$", "examples": ["public"]},
    _("Say public, internal or admin."),
)
_URL: Schema = explained(
    text(10_000) | {"pattern": "^https?://"}, _("Give an address that begins with http:// or https://.")
)
# Keystone takes no words for true and false here, and clients know.
_ENDPOINT: Properties = {"enabled": BOOLEAN, "region": KEY, "region_id": KEY}
CREATE_ENDPOINT: Schema = taking(
    "endpoint", {"interface": _INTERFACE, "url": _URL, "service_id": NAME}, _ENDPOINT
)
UPDATE_ENDPOINT: Schema = taking(
    "endpoint", optional={"interface": _INTERFACE, "url": _URL, "service_id": KEY, **_ENDPOINT}
)
ENDPOINT: Schema = object_of(
    {
        "id": STRING,
        "interface": STRING,
        "region": nullable(STRING),
        "region_id": nullable(STRING),
        "service_id": STRING,
        "url": STRING,
        "enabled": BOOLEAN,
        "links": SELF,
    }
)
ENDPOINT_SHOWN: Schema = showing("endpoint", ENDPOINT)
ENDPOINTS: Schema = listing("endpoints", ENDPOINT)
ENDPOINT_QUERY: Schema = filters("interface", "service_id", "region_id", "region", "name", flags=("enabled",))
