"""Schemas of attachments."""

from accounts.openstack.schema import (
    FLAG,
    OBJECT,
    STRING,
    TEXT,
    UUID,
    WITHOUT_ZONE,
    Schema,
    extended,
    nullable,
    object_of,
    one_of,
    query_of,
    whole,
)
from compute.api.schemas import PAGE, listing

_ROW: Schema = object_of({"id": UUID, "status": STRING, "instance": UUID, "volume_id": UUID})
_FULL: Schema = extended(
    _ROW,
    {
        "attached_at": nullable(WITHOUT_ZONE),
        "detached_at": nullable(WITHOUT_ZONE),
        "attach_mode": one_of("rw", "ro"),
        "connection_info": OBJECT,
    },
)
QUERY = query_of(
    **PAGE,
    offset=whole(0),
    all_tenants=FLAG,
    project_id=TEXT,
    volume_id=TEXT,
    instance_id=TEXT,
    status=TEXT,
    attach_status=TEXT,
)
CREATE: Schema = object_of({"attachment": OBJECT})
LIST: Schema = listing("attachments", _ROW)
DETAIL: Schema = listing("attachments", _FULL)
SHOWN: Schema = object_of({"attachment": _FULL})
