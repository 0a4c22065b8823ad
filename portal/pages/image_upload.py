"""Uploads of images in the pieces of the tus protocol (tus.io, version 1.0.0, with creation and termination).

Each piece is read before a thread is taken, so a slow line holds none, and what broke off goes on from any browser.
"""

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import policy
from accounts.errors import BadInput, MeridianError
from compute.images.models import Image
from compute.images.services import resumable
from portal.pages.image_new import NewForm
from portal.requests import Request, json_error

VERSION = "1.0.0"
PIECE = "application/offset+octet-stream"
MOST_DIGITS = 18

View = Callable[..., HttpResponseBase]


def _speaks_tus(view: View) -> View:
    """Refuse other versions of the protocol, and name ours in every answer."""

    @wraps(view)
    def speaking(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            response: HttpResponseBase = HttpResponse(status=412)
            response["Tus-Version"] = VERSION
        else:
            try:
                response = view(request, **values)
            except MeridianError as error:
                response = json_error(error)
        response["Tus-Resumable"] = VERSION
        return response

    return speaking


@require_http_methods(["POST", "OPTIONS"])
@_speaks_tus
def create(request: Request) -> HttpResponse:
    """Begin an upload: into a new image of the fields in `Upload-Metadata`, or into the `image` that it names."""
    if request.method == "OPTIONS":
        headers = {"Tus-Version": VERSION, "Tus-Extension": "creation,termination"}
        return HttpResponse(status=204, headers=headers)
    policy.enforce(request.context, "image:create")
    fields, length = _metadata(request), _number(request, "Upload-Length")
    if image_id := fields.get("image"):
        image = resumable.begin_again(request.context, image_id, length)
    else:
        image = resumable.begin(request.context, NewForm(fields).image_fields(), length)
    return HttpResponse(status=201, headers={"Location": address_of(image)})


@require_http_methods(["HEAD", "PATCH", "DELETE"])
@_speaks_tus
def upload(request: Request, image_id: UUID) -> HttpResponse:
    """Say how far an upload is, take its next piece, or give it up with its image."""
    if request.method == "DELETE":
        resumable.cancel(request.context, image_id)
        return HttpResponse(status=204)
    if request.method == "HEAD":
        state = resumable.state_of(resumable.get_open(request.context, image_id))
        headers = {"Upload-Length": str(state.length), "Cache-Control": "no-store"} if state else {}
        return HttpResponse(headers=headers | {"Upload-Offset": str(state.received if state else 0)})
    if request.content_type != PIECE:
        return HttpResponse(status=415)
    state = resumable.write(request.context, image_id, _number(request, "Upload-Offset"), request.read())
    return HttpResponse(status=204, headers={"Upload-Offset": str(state.received)})


def address_of(image: Image) -> str:
    """Return the address of the image's upload."""
    return reverse("image-upload", args=[image.pk])


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise BadInput(fields={header: _("Give a number of bytes.")})
    return int(text)


def _metadata(request: Request) -> dict[str, str]:
    """Return the pairs of `Upload-Metadata`, whose values are in base64. Raise BadInput."""
    pairs: dict[str, str] = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _space, value = pair.strip().partition(" ")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadInput(fields={"Upload-Metadata": _("Give text in base64.")}) from error
    return pairs


urlpatterns = [
    path("images/uploads/", create, name="image-uploads"),
    path("images/uploads/<uuid:image_id>/", upload, name="image-upload"),
]
