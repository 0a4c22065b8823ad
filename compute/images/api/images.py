"""Image v2: what clients look up before they create a server, and images taken of servers. Below /image."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.names import is_text
from accounts.openstack.responses import no_content
from accounts.openstack.times import seconds
from compute.api.base import limit_of
from compute.images.api.base import ImageView
from compute.images.models import Image
from compute.images.services import images

SORTS = {
    "name": "name",
    "status": "status",
    "size": "size",
    "id": "pk",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "disk_format": "disk_format",
}
PAGE = 25
MOST = 1000


class Images(ImageView):
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = _filtered(images.visible(self.context), query)
        limit = limit_of(query, MOST) if "limit" in query else PAGE
        found = list(rows)
        if marker := query.get("marker"):
            places = [place for place, row in enumerate(found, start=1) if str(row.pk) == marker]
            if not places:
                raise BadInput(fields={"marker": _("No row of this list has this id.")})
            found = found[places[0] :]
        body: dict[str, Any] = {
            "images": [show(row) for row in found[:limit]],
            "first": "/v2/images",
            "schema": "/v2/schemas/images",
        }
        if len(found) > limit:
            following = query.dict() | {"marker": str(found[limit - 1].pk)}
            body["next"] = f"/v2/images?{urlencode(following)}"
        return JsonResponse(body)


class OneImage(ImageView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse(show(images.find(self.context, key)))

    def delete(self, request: Request, key: str) -> HttpResponse:
        images.delete(self.context, key)
        return no_content()


class Tasks(ImageView):
    """What is being imported into an image: nothing, ever."""

    def get(self, request: Request, key: str) -> HttpResponse:
        images.find(self.context, key)
        return JsonResponse({"tasks": []})


class Schema(ImageView):
    """The names of an image's properties; older clients read them first."""

    def get(self, request: Request, name: str) -> HttpResponse:
        image = {
            "name": "image",
            "properties": {
                field: {"type": ["null", "string"]}
                for field in ("id", "name", "status", "visibility", "owner")
            },
            "additionalProperties": {"type": "string"},
            "links": [],
        }
        if name == "images":
            image = {
                "name": "images",
                "properties": {"images": {"type": "array", "items": image}},
                "links": [],
            }
        return JsonResponse(image)


def show(image: Image) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": str(image.pk),
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "owner": image.project_id,
        # What is not known yet is null, as in Glance.
        "size": None if image.status in Image.UNFINISHED else image.size,
        "virtual_size": None if image.status in Image.UNFINISHED else image.virtual_size,
        "checksum": None,
        "os_hash_algo": "sha256" if image.checksum else None,
        "os_hash_value": image.checksum or None,
        "container_format": "bare",
        "disk_format": image.disk_format,
        "min_ram": image.min_ram_mib,
        "min_disk": image.min_disk_gib,
        "protected": False,
        "os_hidden": False,
        "tags": [],
        "created_at": seconds(image.created_at),
        "updated_at": seconds(image.updated_at),
        "self": f"/v2/images/{image.pk}",
        "file": f"/v2/images/{image.pk}/file",
        "schema": "/v2/schemas/image",
        "os_type": image.os_type,
    }
    further = {"description": image.description, "os_admin_user": image.default_user}
    return image.properties | shown | {name: value for name, value in further.items() if value}


def _filtered(rows: QuerySet[Image], query: Any) -> QuerySet[Image]:
    for name, column in {"status": "status", "visibility": "visibility", "owner": "project"}.items():
        if query.get(name) and (name, query[name]) != ("visibility", "all"):
            rows = rows.filter(**{column: query[name]}) if is_text(query[name]) else rows.none()
    for name, column in {"name": "name", "id": "pk", "disk_format": "disk_format"}.items():
        if name in query:
            rows = rows.filter(**{f"{column}__in": _values(name, query[name])})
    for name, column in {"size_min": "size__gte", "size_max": "size__lte"}.items():
        if name in query:
            if not query[name].isdigit() or len(query[name]) > 18:
                raise BadInput(fields={name: _("Give a whole number from 0.")})
            rows = rows.filter(**{column: int(query[name])})
    if query.get("os_hidden", "false").lower() == "true" or "tag" in query:
        rows = rows.none()
    sorting = query.get("sort")
    keys = [part.partition(":")[::2] for part in sorting.split(",")] if sorting else []
    keys = keys or [(query.get("sort_key", "created_at"), query.get("sort_dir", "desc"))]
    if any(key not in SORTS or direction not in {"", "asc", "desc"} for key, direction in keys):
        raise BadInput(fields={"sort": _("Lists cannot be sorted by this.")})
    return rows.order_by(*(f"{'' if way == 'asc' else '-'}{SORTS[key]}" for key, way in keys), "-pk")


def _values(name: str, given: str) -> list[Any]:
    """One value, or those of `in:a,b`."""
    values = given.removeprefix("in:").split(",") if given.startswith("in:") else [given]
    if name != "id":
        return [value.strip('"') for value in values if is_text(value)]
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
