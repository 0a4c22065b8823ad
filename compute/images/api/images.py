"""Image v2: images that people bring, launch from and share. Below /image."""

import json
from typing import Any
from uuid import UUID

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
from accounts.services import inputs
from compute.images.api.base import IMAGE, ImageView, UnsupportedType
from compute.images.api.schemas import images as schemas
from compute.images.models import Image
from compute.images.services import images, imports

SORTS = {
    "name": "name",
    "status": "status",
    "size": "size",
    "id": "pk",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "disk_format": "disk_format",
}
_TEXTS = {"owner": "project", "os_type": "os_type", "os_hash_value": "checksum"}
MOST_PROPERTIES = 20
"""Properties that a list may be narrowed by: each is one more condition on every row."""

_NUMBERS = {"min_ram": "min_ram_mib", "min_disk": "min_disk_gib", "size": "size"}
_SAME = {"os_hash_algo": "sha256"}
"""What is the same of all images."""

PATCHES = (
    "application/openstack-images-v2.1-json-patch",
    "application/openstack-images-v2.0-json-patch",
    "application/json-patch+json",
)


class Images(ImageView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        visibility, status = query.get("visibility", ""), query.get("member_status", "accepted")
        rows = _filtered(images.of_visibility(self.context, visibility, status), query)
        page = IMAGE.paging.page(query, rows)
        body: dict[str, Any] = {
            "images": [show(row) for row in page.rows],
            "first": "/v2/images",
            "schema": "/v2/schemas/images",
        }
        if page.more:
            body["next"] = f"/v2/images?{next_page_query(request._request.GET, page.rows[-1].pk)}"
        return listed(body)

    @contract(body=schemas.CREATE, answers={201: schemas.ROW})
    def post(self, request: Request) -> HttpResponse:
        """Make an image; its data are sent to its address `file`."""
        body = dict(self.body())
        key = body.pop("id", None)
        image = images.create(self.context, body, UUID(key) if key else None)
        headers = {
            "Location": IMAGE.url(f"images/{image.pk}"),
            "OpenStack-image-import-methods": ",".join(imports.METHODS),
            "OpenStack-image-store-ids": imports.store_id(),
        }
        return JsonResponse(show(image), status=201, headers=headers)


class OneImage(ImageView):
    @contract(answers={200: schemas.ROW})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse(show(images.get_visible(self.context, key)))

    @contract(body=schemas.PATCH, answers={200: schemas.ROW})
    def patch(self, request: Request, key: str) -> HttpResponse:
        """Change fields and properties by a JSON Patch."""
        if request.content_type.partition(";")[0].strip() not in PATCHES:
            raise UnsupportedType(_("Send the changes as %(type)s.") % {"type": PATCHES[0]})
        return JsonResponse(show(images.update(self.context, key, self.json())))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        images.delete_at_once(self.context, key)
        return no_content()


def show(image: Image) -> dict[str, Any]:
    key, is_unfinished = str(image.id), image.status in Image.UNFINISHED
    body: dict[str, Any] = image.properties | {
        "id": key,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "owner": image.project_id,
        # What is not known yet is null, as in Glance.
        "size": None if is_unfinished else image.size,
        "virtual_size": None if is_unfinished else image.virtual_size,
        "checksum": None,
        "os_hash_algo": "sha256" if image.checksum else None,
        "os_hash_value": image.checksum or None,
        "container_format": image.container_format or None,
        "disk_format": image.disk_format or None,
        "min_ram": image.min_ram_mib,
        "min_disk": image.min_disk_gib,
        "protected": image.protected,
        "os_hidden": image.hidden,
        "tags": image.tags,
        "created_at": seconds(image.created_at),
        "updated_at": seconds(image.updated_at),
        "self": f"/v2/images/{key}",
        "file": f"/v2/images/{key}/file",
        "schema": "/v2/schemas/image",
    }
    if image.description:
        body["description"] = image.description
    if image.os_type:
        body["os_type"] = image.os_type
    if image.default_user:
        body["os_admin_user"] = image.default_user
    return body | (_import_state(image) if is_unfinished else {"stores": imports.store_id()})


def _import_state(image: Image) -> dict[str, str]:
    """Return the store that is getting the image's data, or failed to get them."""
    if image.status == Image.Status.IMPORTING:
        return {"os_glance_importing_to_stores": imports.store_id(), "os_glance_failed_import": ""}
    if image.status == Image.Status.QUEUED and image.fault:
        return {"os_glance_importing_to_stores": "", "os_glance_failed_import": imports.store_id()}
    return {}


def _flag(query: QueryDict, name: str, *, default: bool) -> bool:
    return inputs.flag({name: query[name]}, name, default) if query.get(name) else default


def _filtered(rows: QuerySet[Image], query: QueryDict) -> QuerySet[Image]:
    """Return the images that fit the query string, in its order. Raise BadInput."""
    for name, column in _TEXTS.items():
        if value := query.get(name):
            rows = rows.filter(**{column: value}) if is_text(value) else rows.none()
    rows = rows.filter(hidden=_flag(query, "os_hidden", default=False))
    if "protected" in query:
        rows = rows.filter(protected=_flag(query, "protected", default=False))
    for name, column in {
        "name": "name",
        "id": "pk",
        "disk_format": "disk_format",
        "container_format": "container_format",
        "status": "status",
    }.items():
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
    for tag in query.getlist("tag"):
        # As text, since SQLite cannot look into JSON lists: a tag stands there between quotes.
        as_text = Cast("tags", TextField())
        rows = rows.annotate(tags_text=as_text).filter(tags_text__contains=json.dumps(tag))
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
