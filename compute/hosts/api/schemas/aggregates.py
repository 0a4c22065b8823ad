"""Schemas of `/os-aggregates`."""

from django.utils.translation import gettext_lazy as _

from accounts.names import KEY
from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    INTEGER,
    NAME,
    STRING,
    UUID,
    WITHOUT_ZONE,
    Properties,
    Schema,
    explained,
    extended,
    list_of,
    map_of,
    nullable,
    object_of,
    text,
    without,
)
from compute.api.schemas import DELETED

_FIELDS: Properties = {"availability_zone": nullable(text(255))}
CREATE: Schema = object_of({"aggregate": object_of({"name": NAME}, _FIELDS)})
UPDATE: Schema = object_of(
    {
        "aggregate": explained(
            object_of(optional={"name": NAME, **_FIELDS}) | {"minProperties": 1},
            _("Give a name or an availability zone."),
        )
    }
)
# A host that is none is not found.
_HOST: Schema = object_of(optional={"host": ANY})
ACTION: Schema = explained(
    object_of(
        optional={
            "add_host": _HOST,
            "remove_host": _HOST,
            "set_metadata": object_of({"metadata": map_of(nullable(text(255)), keys=KEY)}),
        }
    )
    | {"minProperties": 1, "maxProperties": 1},
    _("Say add_host, remove_host or set_metadata."),
)


def _row(minor: int) -> Schema:
    row = object_of(
        {
            "id": INTEGER,
            "name": STRING,
            "availability_zone": nullable(STRING),
            "hosts": list_of(STRING),
            "metadata": map_of(STRING),
            "created_at": WITHOUT_ZONE,
            "updated_at": nullable(WITHOUT_ZONE),
            **DELETED,
        }
    )
    return extended(row, {"uuid": UUID}) if minor >= 41 else row


SHOWN = by_version(lambda minor: object_of({"aggregate": _row(minor)}), 41)
CREATED = by_version(lambda minor: object_of({"aggregate": without(_row(minor), ("hosts", "metadata"))}), 41)
LIST = by_version(lambda minor: object_of({"aggregates": list_of(_row(minor))}), 41)
