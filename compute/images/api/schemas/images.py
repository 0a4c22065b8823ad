"""Schemas of the Image API."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    OBJECT,
    SECONDS,
    STRING,
    UUID,
    Schema,
    explained,
    list_of,
    nullable,
    object_of,
    one_of,
    query_of,
    whole,
)
from compute.api.schemas import PAGE
from compute.images.models import ImageMember
from compute.images.services import image_fields

_SIZE: Schema = explained(whole(0), _("Give a whole number from 0."))
QUERY: Schema = query_of(
    PAGE,
    dict.fromkeys(
        (
            "id",
            "name",
            "status",
            "owner",
            "disk_format",
            "os_hidden",
            "tag",
            "sort",
            "sort_key",
            "sort_dir",
            "container_format",
            "created_at",
            "os_hash_algo",
            "os_hash_value",
            "os_type",
            "protected",
            "updated_at",
        ),
        ANY,
    ),
    visibility=one_of("", "all", *image_fields.VISIBILITIES),
    member_status=one_of("all", *ImageMember.Status.values),
    size=_SIZE,
    size_min=_SIZE,
    size_max=_SIZE,
    min_ram=_SIZE,
    min_disk=_SIZE,
)
CREATE: Schema = object_of({}, {"id": nullable(UUID), "owner": nullable(STRING)}, others=True)
PATCH: Schema = list_of(object_of({}, {"op": STRING, "path": STRING, "value": ANY}, others=True), most=256)
ROW: Schema = object_of(
    {
        "id": UUID,
        "name": STRING,
        "status": STRING,
        "visibility": STRING,
        "owner": nullable(STRING),
        "size": nullable(INTEGER),
        "virtual_size": nullable(INTEGER),
        "checksum": nullable(STRING),
        "os_hash_algo": nullable(STRING),
        "os_hash_value": nullable(STRING),
        "container_format": nullable(STRING),
        "disk_format": nullable(STRING),
        "min_ram": INTEGER,
        "min_disk": INTEGER,
        "protected": BOOLEAN,
        "os_hidden": BOOLEAN,
        "tags": list_of(STRING),
        "created_at": SECONDS,
        "updated_at": SECONDS,
        "self": STRING,
        "file": STRING,
        "schema": STRING,
    },
    {
        "description": STRING,
        "os_type": STRING,
        "os_admin_user": STRING,
        "stores": STRING,
        "os_glance_importing_to_stores": STRING,
        "os_glance_failed_import": STRING,
    },
    # Properties of images are flat, and texts.
    others=STRING,
)
LIST: Schema = object_of({"images": list_of(ROW), "first": STRING, "schema": STRING}, {"next": STRING})
DESCRIPTION: Schema = object_of(
    {"name": STRING, "properties": OBJECT, "links": list_of(OBJECT)}, {"additionalProperties": OBJECT}
)
