"""Schemas of `/os-keypairs`."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    INTEGER,
    STRING,
    TEXT,
    WITHOUT_ZONE,
    Schema,
    extended,
    nullable,
    object_of,
    one_of,
    query_of,
    segment,
    text,
)
from compute.api.schemas import DELETED, PAGE, listing
from compute.instances.services.keypairs import NAME

_TYPE: Schema = one_of("ssh", "x509")


def _create(minor: int) -> Schema:
    optional: dict[str, Schema] = {}
    required: dict[str, Schema] = {"name": segment(NAME)}
    if minor >= 92:
        required["public_key"] = TEXT
    else:
        optional["public_key"] = nullable(TEXT)
    if minor >= 2:
        optional["type"] = _TYPE
    if minor >= 10:
        optional["user_id"] = nullable(text(255))
    return object_of({"keypair": object_of(required, optional)})


def _row(minor: int) -> Schema:
    row = object_of({"name": STRING, "public_key": STRING, "fingerprint": STRING})
    return extended(row, {"type": STRING}) if minor >= 2 else row


def _full(minor: int) -> Schema:
    return extended(
        _row(minor),
        {
            "user_id": STRING,
            "id": INTEGER,
            "created_at": WITHOUT_ZONE,
            "updated_at": nullable(STRING),
            **DELETED,
        },
    )


def _owner(minor: int) -> Schema:
    """Return the schema of a query in which administrators may name another user."""
    return query_of(user_id=text(255, 1)) if minor >= 10 else query_of()


CREATE = by_version(_create, 2, 10, 92)
CREATED = by_version(
    lambda minor: object_of({"keypair": extended(_row(minor), {"user_id": STRING}, {"private_key": STRING})}),
    2,
)
QUERY = by_version(lambda minor: query_of(PAGE, _owner(minor)["properties"]), 10)
ONE_QUERY = by_version(_owner, 10)
LIST = by_version(lambda minor: listing("keypairs", object_of({"keypair": _row(minor)})), 2)
SHOWN = by_version(lambda minor: object_of({"keypair": _full(minor)}), 2)
