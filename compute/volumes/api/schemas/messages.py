"""Schemas of messages."""

from accounts.openstack.schema import (
    ANY,
    STRING,
    TEXT,
    WITHOUT_ZONE,
    Schema,
    list_of,
    object_of,
    query_of,
    whole,
)
from compute.api.schemas import PAGE, listing

_MESSAGE: Schema = object_of(
    {
        "id": STRING,
        "event_id": STRING,
        "message_level": STRING,
        "user_message": STRING,
        "request_id": STRING,
        "resource_type": STRING,
        "resource_uuid": STRING,
        "created_at": WITHOUT_ZONE,
        "guaranteed_until": WITHOUT_ZONE,
        "links": list_of(ANY),
    }
)
QUERY = query_of(
    **PAGE,
    offset=whole(0),
    sort=TEXT,
    event_id=TEXT,
    message_level=TEXT,
    request_id=TEXT,
    resource_type=TEXT,
    resource_uuid=TEXT,
)
LIST: Schema = listing("messages", _MESSAGE)
SHOWN: Schema = object_of({"message": _MESSAGE})
