"""Schemas of transfers of volumes."""

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    NULL,
    STRING,
    TEXT,
    UUID,
    WITHOUT_ZONE,
    Schema,
    extended,
    nullable,
    object_of,
    query_of,
    text,
)
from compute.api.schemas import LINKS, PAGE, SORT, listing

BRIEF: Schema = object_of({"id": STRING, "name": nullable(STRING), "volume_id": STRING, "links": LINKS})


def _row(minor: int) -> Schema:
    required: dict[str, Schema] = {"created_at": WITHOUT_ZONE}
    if minor >= 55:
        required["no_snapshots"] = BOOLEAN
    if minor >= 57:
        required |= {"source_project_id": STRING, "destination_project_id": NULL, "accepted": BOOLEAN}
    return extended(BRIEF, required)


_STEPS = (55, 57)
QUERY = query_of(PAGE, SORT, all_tenants=FLAG, name=TEXT, is_public=ANY, offset=ANY)
LIST: Schema = listing("transfers", BRIEF)
DETAIL = by_version(lambda minor: listing("transfers", _row(minor)), *_STEPS, first=0)
SHOWN = by_version(lambda minor: object_of({"transfer": _row(minor)}), *_STEPS, first=0)
CREATED = by_version(
    lambda minor: object_of({"transfer": extended(_row(minor), {"auth_key": STRING})}), *_STEPS, first=0
)
ACCEPTED: Schema = object_of({"transfer": BRIEF})


def _create(minor: int) -> Schema:
    optional: dict[str, Schema] = {"name": nullable(text(255))}
    if minor >= 55:
        optional["no_snapshots"] = FLAG
    return object_of({"transfer": object_of({"volume_id": UUID}, optional)})


CREATE = by_version(_create, 55, first=0)
ACCEPT: Schema = object_of({"accept": object_of({"auth_key": text(255, 1)})})
