"""`/images` of the Compute API, for clients before 2.36."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput, NotFound
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.responses import no_content
from accounts.openstack.times import seconds
from compute.api.base import COMPUTE, ComputeView, links
from compute.images.models import Image
from compute.images.services import images
from compute.instances.api.schemas import records as schemas
from compute.instances.api.schemas import server_parts as parts

STATUS = {Image.Status.ACTIVE: ("ACTIVE", 100)}
UNTIL = Version(2, 35)
METADATA_UNTIL = Version(2, 38)
UNFINISHED = ("SAVING", 25)


class ServerImages(ComputeView):
    """List the images that the asker may launch from, and those in creation."""

    until = UNTIL

    @contract(query=schemas.IMAGES_QUERY, answers={200: schemas.IMAGES})
    def get(self, request: Request) -> HttpResponse:
        return _listed(self, request, "images", _brief)


class ServerImagesInDetail(ComputeView):
    """List the same images with all fields."""

    until = UNTIL

    @contract(query=schemas.IMAGES_QUERY, answers={200: schemas.IMAGES_IN_DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return _listed(self, request, "images/detail", _detailed)


class OneServerImage(ComputeView):
    until = UNTIL

    @contract(answers={200: schemas.IMAGE})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"image": _detailed(images.get_visible(self.context, key))})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        images.delete(self.context, key)
        return no_content()


class ImageMetadata(ComputeView):
    """POST adds items, PUT replaces all."""

    until = METADATA_UNTIL

    @contract(answers={200: parts.METADATA_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"metadata": images.get_visible(self.context, key).properties})

    @contract(body=parts.SET_METADATA, answers={200: parts.METADATA_SHOWN})
    def post(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"metadata": _write(self, key, more=self.body()["metadata"])})

    @contract(body=parts.SET_METADATA, answers={200: parts.METADATA_SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"metadata": _write(self, key, metadata=self.body()["metadata"])})


class OneImageMetadata(ComputeView):
    until = METADATA_UNTIL

    @contract(answers={200: parts.ONE_SHOWN})
    def get(self, request: Request, key: str, name: str) -> HttpResponse:
        return JsonResponse({"meta": {name: _item(images.get_visible(self.context, key), name)}})

    @contract(body=parts.SET_ONE, answers={200: parts.ONE_SHOWN})
    def put(self, request: Request, key: str, name: str) -> HttpResponse:
        meta = self.body()["meta"]
        if list(meta) != [name]:
            raise BadInput(_("The body must hold the key of the address and nothing else."))
        return JsonResponse({"meta": {name: _write(self, key, more=meta)[name]}})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, name: str) -> HttpResponse:
        image = images.get_visible(self.context, key)
        images.enforce_set_metadata(self.context, image)
        _item(image, name)
        _write(self, key, without=[name])
        return no_content()


def _write(view: ComputeView, key: str, **parameters: Any) -> dict[str, str]:
    """Change the properties of an image, and return all of them."""
    image = images.get_visible(view.context, key)
    images.set_metadata(view.context, image, parameters)
    image.refresh_from_db()
    return dict(image.properties)


def _item(image: Image, name: str) -> str:
    if name not in image.properties:
        raise NotFound(_("Metadata item was not found."))
    return str(image.properties[name])


def _listed(
    view: ComputeView, request: Request, path: str, show: Callable[[Image], dict[str, Any]]
) -> HttpResponse:
    rows = images.visible_to(view.context).order_by("-created_at", "-pk")
    return COMPUTE.page_response(
        request, "images", path, COMPUTE.paging.page(request.query_params, rows), show
    )


def _brief(image: Image) -> dict[str, Any]:
    return {"id": str(image.pk), "name": image.name, "links": _links(image)}


def _detailed(image: Image) -> dict[str, Any]:
    status, progress = STATUS.get(Image.Status(image.status), UNFINISHED)
    body = _brief(image) | {
        "status": status,
        "progress": progress,
        "created": seconds(image.created_at),
        "updated": seconds(image.updated_at),
        "minDisk": image.min_disk_gib,
        "minRam": image.min_ram_mib,
        "metadata": image.properties,
        "OS-EXT-IMG-SIZE:size": image.size,
    }
    if image.taken_from_id:
        server = str(image.taken_from_id)
        body["server"] = {"id": server, "links": links("servers", server)}
    return body


def _links(image: Image) -> list[dict[str, str]]:
    alternate = {
        "rel": "alternate",
        "type": "application/vnd.openstack.image",
        "href": f"{settings.PUBLIC_URL}/image/images/{image.pk}",
    }
    return [*links("images", image.pk), alternate]
