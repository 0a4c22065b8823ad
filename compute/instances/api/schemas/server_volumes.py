"""Schemas of the volumes of servers."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    STRING,
    UUID,
    Schema,
    list_of,
    nullable,
    object_of,
    query_of,
    text,
    whole,
)
from compute.api.schemas import LIMIT


def _row(minor: int) -> Schema:
    required: dict[str, Schema] = {"serverId": STRING, "volumeId": STRING, "device": nullable(STRING)}
    required |= {"attachment_id": STRING, "bdm_uuid": STRING} if minor >= 89 else {"id": STRING}
    if minor >= 70:
        required["tag"] = nullable(STRING)
    if minor >= 79:
        required["delete_on_termination"] = BOOLEAN
    return object_of(required)


_STEPS = (70, 79, 89)
QUERY = query_of(limit=LIMIT, offset=whole(0))
LIST = by_version(lambda minor: object_of({"volumeAttachments": list_of(_row(minor))}), *_STEPS)
SHOWN = by_version(lambda minor: object_of({"volumeAttachment": _row(minor)}), *_STEPS)


def _attach(minor: int) -> Schema:
    optional: dict[str, Schema] = {"device": nullable(text(255))}
    if minor >= 49:
        optional["tag"] = text(60, 1)
    if minor >= 79:
        optional["delete_on_termination"] = BOOLEAN
    return object_of({"volumeAttachment": object_of({"volumeId": UUID}, optional)})


def _update(minor: int) -> Schema:
    ignored: dict[str, Schema] = dict.fromkeys(("device", "tag", "serverId", "id"), ANY)
    optional = ignored | {"delete_on_termination": BOOLEAN} if minor >= 85 else {}
    return object_of({"volumeAttachment": object_of({"volumeId": UUID}, optional)})


ATTACH = by_version(_attach, 49, 79)
UPDATE = by_version(_update, 85)
