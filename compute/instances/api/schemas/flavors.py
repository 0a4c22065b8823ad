"""Schemas of `/flavors`, their extra specs and who may use them."""

from django.utils.translation import gettext_lazy as _

from accounts.names import KEY
from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    EMPTY,
    FLAG,
    INTEGER,
    NAME,
    NULL,
    NUMBER,
    STRING,
    TEXT,
    Schema,
    explained,
    extended,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    query_of,
    segment,
    text,
    whole,
)
from compute.api.schemas import LINKS, PAGE, listing
from compute.instances.services.flavors import ID, MOST_SPECS, SIZES


def _or_nothing(schema: Schema) -> Schema:
    return {"anyOf": [schema, EMPTY, NULL]}


def _size(column: str) -> Schema:
    return whole(*SIZES[column])


def _create(minor: int) -> Schema:
    required = {
        "name": NAME,
        "vcpus": _size("vcpus"),
        "ram": _size("ram_mib"),
        "disk": _size("disk_gib"),
    }
    optional: dict[str, Schema] = {
        "id": nullable(segment(ID) | {"type": ["string", "integer"]}),
        "OS-FLV-EXT-DATA:ephemeral": explained(
            _or_nothing(_size("ephemeral_gib")), _("Give a whole number from 0.")
        ),
        "swap": explained(_or_nothing(_size("swap_mib")), _("Give a whole number from 0.")),
        "rxtx_factor": _or_nothing({"type": ["number", "string"]}),
        "os-flavor-access:is_public": FLAG,
    }
    if minor >= 55:
        optional["description"] = nullable(text(10_000))
    return object_of({"flavor": object_of(required, optional)})


CREATE = by_version(_create, 55)
UPDATE = by_version(
    lambda minor: object_of({"flavor": object_of({"description": nullable(text(10_000))})}), first=55
)


def _brief(minor: int) -> Schema:
    row = object_of({"id": STRING, "name": STRING, "links": LINKS})
    return extended(row, {"description": nullable(STRING)}) if minor >= 55 else row


def _full(minor: int) -> Schema:
    row = extended(
        _brief(minor),
        {
            "vcpus": INTEGER,
            "ram": INTEGER,
            "disk": INTEGER,
            "swap": INTEGER if minor >= 75 else {"anyOf": [EMPTY, INTEGER]},
            "rxtx_factor": NUMBER,
            "os-flavor-access:is_public": BOOLEAN,
            "OS-FLV-EXT-DATA:ephemeral": INTEGER,
            "OS-FLV-DISABLED:disabled": BOOLEAN,
        },
    )
    return extended(row, {"extra_specs": map_of(STRING)}) if minor >= 61 else row


_NUMBER: Schema = whole(0)
QUERY: Schema = query_of(
    PAGE,
    is_public={"anyOf": [FLAG, one_of("none", "None")]},
    minRam=_NUMBER,
    minDisk=_NUMBER,
    sort_key=ANY,
    sort_dir=one_of("asc", "desc"),
)
LIST = by_version(lambda minor: listing("flavors", _brief(minor)), 55)
DETAIL = by_version(lambda minor: listing("flavors", _full(minor)), 55, 61, 75)
SHOWN = by_version(lambda minor: object_of({"flavor": _full(minor)}), 55, 61, 75)

_VALUE: Schema = {"type": ["string", "number"], "format": "text", "maxLength": 255}
ADD_SPECS: Schema = object_of(
    {"extra_specs": map_of(_VALUE, keys=KEY, most=MOST_SPECS) | {"minProperties": 1}}
)
SPECS: Schema = object_of({"extra_specs": map_of(STRING)})
_ONE: Schema = {"minProperties": 1, "maxProperties": 1}
SET_SPEC: Schema = explained(
    map_of(_VALUE, keys=KEY) | _ONE, _("The body must hold the extra spec of the address and nothing else.")
)
SPEC: Schema = map_of(STRING) | _ONE
_TENANT: Schema = object_of({"tenant": TEXT})
ACTION: Schema = explained(
    object_of(optional={"addTenantAccess": _TENANT, "removeTenantAccess": _TENANT}) | _ONE,
    _("Say addTenantAccess or removeTenantAccess."),
)
ACCESS: Schema = object_of({"flavor_access": list_of(object_of({"flavor_id": STRING, "tenant_id": STRING}))})
