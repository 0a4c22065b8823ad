"""Image v2: images to launch from, and images taken of servers. Below /image."""

from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.names import is_text
from accounts.openstack import ids, sorting
from accounts.openstack.comparisons import time_condition
from accounts.openstack.contract import contract
from accounts.openstack.paging import next_page_query
from accounts.openstack.responses import listed, no_content
from accounts.openstack.times import seconds
from compute.images.api.base import IMAGE, ImageView
from compute.images.api.schemas import images as schemas
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
_TEXTS = {"status": "status", "owner": "project", "os_type": "os_type", "os_hash_value": "checksum"}
MOST_PROPERTIES = 20
"""Properties that a list may be narrowed by: each is one more condition on every row."""

_NUMBERS = {"min_ram": "min_ram_mib", "min_disk": "min_disk_gib"}
_SAME = {"protected": "false", "os_hidden": "false", "container_format": "bare", "os_hash_algo": "sha256"}
"""What is the same of all images."""


class Images(ImageView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = _filtered(images.visible_to(self.context), query)
        page = IMAGE.paging.page(query, rows)
        body: dict[str, Any] = {
            "images": [show(row) for row in page.rows],
            "first": "/v2/images",
            "schema": "/v2/schemas/images",
        }
        if page.more:
            body["next"] = f"/v2/images?{next_page_query(request._request.GET, page.rows[-1].pk)}"
        return listed(body)


class OneImage(ImageView):
    @contract(answers={200: schemas.ROW})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse(show(images.get_visible(self.context, key)))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        images.delete(self.context, key)
        return no_content()


class Tasks(ImageView):
    """What is being imported into an image: nothing, ever."""

    @contract(answers={200: schemas.TASKS})
    def get(self, request: Request, key: str) -> HttpResponse:
        images.get_visible(self.context, key)
        return JsonResponse({"tasks": []})


class Schema(ImageView):
    """The names of an image's properties; older clients read them first."""

    @contract(answers={200: schemas.DESCRIPTION})
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
    body: dict[str, Any] = {
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
    optional = {"description": image.description, "os_admin_user": image.default_user}
    return image.properties | body | {name: value for name, value in optional.items() if value}


def _filtered(rows: QuerySet[Image], query: QueryDict) -> QuerySet[Image]:
    """Return the images that fit the query string, in its order. Raise BadInput."""
    for name, column in _TEXTS.items():
        if value := query.get(name):
            rows = rows.filter(**{column: value}) if is_text(value) else rows.none()
    if (visibility := query.get("visibility", "all") or "all") != "all":
        rows = rows.filter(visibility=visibility) if is_text(visibility) else rows.none()
    for name, column in {"name": "name", "id": "pk", "disk_format": "disk_format"}.items():
        if name in query:
            rows = rows.filter(**{f"{column}__in": _values(name, str(query[name]))})
    for name, column in {"size_min": "size__gte", "size_max": "size__lte"}.items():
        if name in query:
            rows = rows.filter(**{column: int(str(query[name]))})
    for name in ("created_at", "updated_at"):
        if text := query.get(name):
            rows = rows.filter(time_condition(name, name, text))
    for name, column in _NUMBERS.items():
        if name in query:
            rows = rows.filter(**{column: int(str(query[name]))})
    for name, value in _SAME.items():
        if name in query and str(query[name]).lower() != value:
            rows = rows.none()
    properties = set(query) - set(schemas.QUERY["properties"])
    if len(properties) > MOST_PROPERTIES:
        raise BadInput(_("Ask for at most %(most)s properties.") % {"most": MOST_PROPERTIES})
    for name in properties:
        # Glance takes every other parameter for a property of images.
        rows = _with_property(rows, name, str(query[name])) if is_text(name) else rows.none()
    if "tag" in query:
        rows = rows.none()
    return rows.order_by(*_order(query), "-pk")


def _with_property(rows: QuerySet[Image], name: str, value: str) -> QuerySet[Image]:
    # Cast, or the text would be compared as JSON.
    of_image = Cast(KeyTextTransform(name, "properties"), TextField())
    return (
        rows.annotate(wanted_property=of_image).filter(wanted_property=value)
        if is_text(value)
        else rows.none()
    )


def _order(query: QueryDict) -> list[str]:
    """Return the columns of `sort=key:direction,…`, or of `sort_key` and `sort_dir`. Raise BadInput."""
    if not (sort := query.get("sort")):
        return sorting.order(query, SORTS, "created_at", "desc")
    keys = [part.partition(":")[::2] for part in sort.split(",")]
    return sorting.columns([(key, direction or "desc") for key, direction in keys], SORTS)


def _values(name: str, text: str) -> list[Any]:
    """Return one value, or those of `in:a,b`."""
    values = text.removeprefix("in:").split(",") if text.startswith("in:") else [text]
    if name != "id":
        return [value.strip('"') for value in values if is_text(value)]
    return ids.uuids(values)
