"""Schemas of the members of images."""

from accounts.openstack.schema import SECONDS, STRING, TEXT, UUID, Schema, list_of, object_of

ADD: Schema = object_of({"member": TEXT}, others=True)
ANSWER: Schema = object_of({"status": TEXT}, others=True)
ROW: Schema = object_of(
    {
        "image_id": UUID,
        "member_id": STRING,
        "status": STRING,
        "created_at": SECONDS,
        "updated_at": SECONDS,
        "schema": STRING,
    }
)
LIST: Schema = object_of({"members": list_of(ROW), "schema": STRING})
