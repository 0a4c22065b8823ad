"""The schemas of images, their members and tasks, which older clients read first."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from compute.images.api.base import ImageView
from compute.images.api.schemas import images as schemas
from compute.images.api.schemas import tasks as task_schemas
from compute.images.models import ImageMember
from compute.images.services import gate, image_fields

_TEXT = {"type": ["null", "string"]}
_WHOLE = {"type": ["null", "integer"]}
_FLAG = {"type": "boolean"}
_TIME = {"type": "string", "readOnly": True}

_IMAGE: dict[str, Any] = {
    "name": "image",
    "properties": {
        "id": {"type": "string"},
        "name": _TEXT | {"maxLength": 255},
        "status": {"type": "string", "readOnly": True},
        "visibility": {"type": "string", "enum": list(image_fields.VISIBILITIES)},
        "protected": _FLAG,
        "os_hidden": _FLAG,
        "checksum": _TEXT | {"readOnly": True},
        "os_hash_algo": _TEXT | {"readOnly": True},
        "os_hash_value": _TEXT | {"readOnly": True},
        "owner": _TEXT,
        "size": _WHOLE | {"readOnly": True},
        "virtual_size": _WHOLE | {"readOnly": True},
        "container_format": {"type": ["null", "string"], "enum": [None, *image_fields.CONTAINERS]},
        "disk_format": {"type": ["null", "string"], "enum": [None, *gate.FORMATS]},
        "created_at": _TIME,
        "updated_at": _TIME,
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 255}},
        "min_ram": {"type": "integer"},
        "min_disk": {"type": "integer"},
        "self": {"type": "string", "readOnly": True},
        "file": {"type": "string", "readOnly": True},
        "schema": {"type": "string", "readOnly": True},
    },
    "additionalProperties": {"type": "string"},
    "links": [{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"}],
}
_MEMBER: dict[str, Any] = {
    "name": "member",
    "properties": {
        "image_id": {"type": "string"},
        "member_id": {"type": "string"},
        "status": {"type": "string", "enum": ImageMember.Status.values},
        "created_at": _TIME,
        "updated_at": _TIME,
        "schema": {"type": "string", "readOnly": True},
    },
    "links": [],
}
_TASK: dict[str, Any] = {
    "name": "task",
    "properties": {
        "id": {"type": "string"},
        "type": {"type": "string", "enum": [task_schemas.TYPE]},
        "status": {"type": "string", "enum": list(task_schemas.STATUSES)},
        "input": {"type": ["null", "object"]},
        "result": {"type": ["null", "object"]},
        "owner": _TEXT,
        "message": _TEXT,
        "image_id": _TEXT,
        "request_id": _TEXT,
        "user_id": _TEXT,
        "expires_at": _TEXT,
        "created_at": _TIME,
        "updated_at": _TIME,
        "self": {"type": "string", "readOnly": True},
        "schema": {"type": "string", "readOnly": True},
    },
    "links": [],
}


def _list_of(plural: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": plural,
        "properties": {
            plural: {"type": "array", "items": item},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}],
    }


DESCRIPTIONS = {
    "image": _IMAGE,
    "images": _list_of("images", _IMAGE),
    "member": _MEMBER,
    "members": _list_of("members", _MEMBER),
    "task": _TASK,
    "tasks": _list_of("tasks", _TASK),
}


class Description(ImageView):
    @contract(answers={200: schemas.DESCRIPTION})
    def get(self, request: Request, name: str) -> HttpResponse:
        return JsonResponse(DESCRIPTIONS[name])
