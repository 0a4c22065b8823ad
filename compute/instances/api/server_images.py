"""`/images` below Compute: what servers were and can be made from, for clients from before 2.36."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.microversions import Version
from accounts.openstack.responses import no_content
from accounts.openstack.times import seconds
from compute.api.base import COMPUTE, ComputeView, links
from compute.images.models import Image
from compute.images.services import images

STATUS = {Image.Status.ACTIVE: ("ACTIVE", 100)}
UNFINISHED = ("SAVING", 25)


class ServerImages(ComputeView):
    """Those that the asker may launch from, and those being taken; `detail` with all that is known."""

    until = Version(2, 35)
    detail = False

    def get(self, request: Request) -> HttpResponse:
        rows = images.visible(self.context).order_by("-created_at", "-pk")
        path, show = ("images/detail", _detailed) if self.detail else ("images", _named)
        return COMPUTE.listed(request, "images", path, COMPUTE.paging.page(request.query_params, rows), show)


class OneServerImage(ComputeView):
    until = Version(2, 35)

    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"image": _detailed(images.find(self.context, key))})

    def delete(self, request: Request, key: str) -> HttpResponse:
        images.delete(self.context, key)
        return no_content()


def _named(image: Image) -> dict[str, Any]:
    return {"id": str(image.pk), "name": image.name, "links": _links(image)}


def _detailed(image: Image) -> dict[str, Any]:
    status, progress = STATUS.get(Image.Status(image.status), UNFINISHED)
    shown = _named(image) | {
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
        shown["server"] = {"id": server, "links": links("servers", server)}
    return shown


def _links(image: Image) -> list[dict[str, str]]:
    alternate = {
        "rel": "alternate",
        "type": "application/vnd.openstack.image",
        "href": f"{settings.PUBLIC_URL}/image/images/{image.pk}",
    }
    return [*links("images", image.pk), alternate]
