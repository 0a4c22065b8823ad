"""Schemas of imports and of the tasks that show them."""

from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    OBJECT,
    SECONDS,
    STRING,
    TEXT,
    UUID,
    Schema,
    list_of,
    nullable,
    object_of,
    one_of,
    query_of,
)
from compute.api.schemas import PAGE

TYPE = "api_image_import"
STATUSES = ("pending", "processing", "success", "failure")

IMPORT: Schema = object_of(
    {"method": object_of({"name": TEXT}, {"uri": STRING}, others=True)},
    {
        "stores": list_of(TEXT, most=64),
        "all_stores": FLAG,
        "all_stores_must_succeed": FLAG,
    },
    others=True,
)
METHODS: Schema = object_of(
    {"import-methods": object_of({"description": STRING, "type": STRING, "value": list_of(STRING)})}
)
STORES: Schema = object_of(
    {"stores": list_of(object_of({"id": STRING, "description": STRING, "default": BOOLEAN}))}
)
CACHE: Schema = object_of({"cached_images": list_of(OBJECT), "queued_images": list_of(STRING)})
QUERY: Schema = query_of(
    PAGE,
    dict.fromkeys(("sort_key", "sort_dir", "type"), ANY),
    status=one_of("", *STATUSES),
)
_BRIEF = {
    "id": UUID,
    "type": STRING,
    "status": one_of(*STATUSES),
    "owner": nullable(STRING),
    "expires_at": nullable(SECONDS),
    "created_at": SECONDS,
    "updated_at": SECONDS,
}
_LINKS = {"self": STRING, "schema": STRING}
_DETAIL = {
    "input": OBJECT,
    "result": nullable(OBJECT),
    "message": STRING,
    "image_id": UUID,
    "request_id": STRING,
    "user_id": nullable(STRING),
}
ROW: Schema = object_of(_BRIEF | _DETAIL | _LINKS)
LIST: Schema = object_of(
    {"tasks": list_of(object_of(_BRIEF | _LINKS)), "first": STRING, "schema": STRING}, {"next": STRING}
)
OF_IMAGE: Schema = object_of({"tasks": list_of(object_of(_BRIEF | _DETAIL | {"deleted": BOOLEAN}))})
