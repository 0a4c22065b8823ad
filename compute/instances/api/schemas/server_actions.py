"""Schemas of `/servers/{id}/action`, by Nova's name of the action."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    FLAG,
    NAME,
    OBJECT,
    STRING,
    UUID,
    Schema,
    explained,
    extended,
    nullable,
    object_of,
    one_of,
    text,
    whole,
)
from compute.api.schemas import DISK_CONFIG, ID_OR_NUMBER, METADATA, UNSUPPORTED
from compute.instances.api.schemas.servers import ACCESS, PASSWORD, STEPS, USER_DATA, changed

_REBOOT: Schema = object_of(
    {
        "type": explained(
            {"type": "string", "pattern": "^([Ss][Oo][Ff][Tt]|[Hh][Aa][Rr][Dd])$"}, _("Say SOFT or HARD.")
        )
    }
)
_CONSOLE: Schema = object_of({"type": explained(one_of("novnc"), _("There is only novnc."))})
_IMAGE: Schema = object_of({"name": NAME}, {"metadata": nullable(METADATA)})
_BACKUP: Schema = extended(
    _IMAGE,
    {
        "backup_type": explained(NAME, _("Name the kind of backup, such as daily or weekly.")),
        "rotation": explained(whole(0, 2**31 - 1), _("Say how many backups of this kind stay.")),
    },
)


def _rebuild(minor: int) -> Schema:
    optional: dict[str, Schema] = {
        "adminPass": PASSWORD,
        "name": NAME,
        "metadata": METADATA,
        "preserve_ephemeral": FLAG,
        "OS-DCF:diskConfig": DISK_CONFIG,
        **ACCESS,
    }
    if minor >= 19:
        optional["description"] = nullable(text(255))
    if minor >= 54:
        optional["key_name"] = nullable(text(255))
    if minor >= 57:
        optional["user_data"] = USER_DATA
    else:
        optional["personality"] = UNSUPPORTED
    if minor >= 63:
        optional["trusted_image_certificates"] = UNSUPPORTED
    return object_of({"imageRef": explained(NAME, _("Choose an image."))}, optional)


def _of_actions(minor: int) -> Mapping[str, Schema]:
    """Return the schemas of the actions that have parameters."""
    return {
        "changePassword": object_of({"adminPass": explained(text(255), _("Give the new password as text."))}),
        "createBackup": _BACKUP,
        "createImage": _IMAGE,
        "lock": nullable(object_of(optional={"locked_reason": nullable(text(255))})) if minor >= 73 else ANY,
        "os-getConsoleOutput": nullable(object_of(optional={"length": nullable(whole(-1))})),
        "os-getVNCConsole": _CONSOLE,
        "os-resetState": object_of({"state": one_of("active", "error")}),
        "reboot": _REBOOT,
        "rebuild": _rebuild(minor),
        "rescue": nullable(
            object_of(optional={"adminPass": PASSWORD, "rescue_image_ref": nullable(text(255))})
        ),
        "resize": object_of({"flavorRef": ID_OR_NUMBER}, {"OS-DCF:diskConfig": DISK_CONFIG}),
    }


def _body(minor: int) -> Schema:
    schema = object_of(optional=_of_actions(minor), others=True) | {"minProperties": 1, "maxProperties": 1}
    return explained(schema, _("Name exactly one action."))


BODY = by_version(_body, 19, 54, 57, 63, 73)


def _answers(minor: int) -> Schema:
    """Return the schema of a 202 answer that has a body."""
    rebuilt = extended(changed(minor), {"adminPass": STRING})
    if minor >= 54:
        rebuilt = extended(rebuilt, {"key_name": nullable(STRING)})
    if minor >= 57:
        rebuilt = extended(rebuilt, {"user_data": nullable(STRING)})
    return {"anyOf": [object_of({"image_id": UUID}), object_of({"server": rebuilt})]}


BEGUN = by_version(_answers, *sorted({*STEPS, 54, 57}))
DONE: Schema = {
    "anyOf": [
        object_of({"adminPass": STRING}),
        object_of({"output": STRING}),
        object_of({"console": object_of({"type": STRING, "url": STRING})}),
        OBJECT | {"maxProperties": 0},
    ]
}
