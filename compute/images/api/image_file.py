"""An image's data: sent once, read in whole or in part."""

import re
from collections.abc import Iterator
from contextlib import closing

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput, Forbidden, NotFound
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from compute.images.api.base import ImageView, UnsupportedType
from compute.images.models import Image
from compute.images.services import image_files, images, uploads
from compute.store import Data

CONTENT_TYPE = "application/octet-stream"
CHUNK = 1 << 20


class ImageFile(ImageView):
    @contract(answers={204: None})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Take the data, as they come."""
        uploads.receive(self.context, key, request._request, _length(request))
        return no_content()

    @contract(answers={200: None, 204: None, 206: None})
    def get(self, request: Request, key: str) -> HttpResponseBase:
        """Send the data; an image without any is empty, as in Glance."""
        image = images.get_visible(self.context, key)
        if image.status in Image.UNFINISHED:
            return no_content()
        if image.status == Image.Status.DEACTIVATED and not self.context.is_admin:
            raise Forbidden(_("The image is deactivated."))
        try:
            response = _answer(image, request.headers.get("Range", ""))
        except FileNotFoundError as error:
            raise NotFound(_("The image has no data.")) from error
        response.headers["Content-Type"] = CONTENT_TYPE
        response.headers["Accept-Ranges"] = "bytes"
        return response


class StagedFile(ImageView):
    @contract(answers={204: None})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Take the data, as they come, for an import by `glance-direct`."""
        uploads.stage(self.context, key, request._request, _length(request))
        return no_content()


def _length(request: Request) -> int | None:
    """Return the length of the data that a request sends, if it says it. Raise BadInput, UnsupportedType."""
    if request.content_type.partition(";")[0].strip() != CONTENT_TYPE:
        raise UnsupportedType(_("Send the data as %(type)s.") % {"type": CONTENT_TYPE})
    length = request.META.get("CONTENT_LENGTH") or None
    if length is not None and not (length.isascii() and length.isdigit() and len(length) < 19):
        raise BadInput(fields={"Content-Length": _("Give a whole number from 0.")})
    return None if length is None else int(length)


def _answer(image: Image, header: str) -> HttpResponseBase:
    """Return the whole file, or the one range that the header asks for (RFC 9110, section 14)."""
    size = image.size
    if not (match := re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header)) or match[0] == "bytes=-":
        return _data(image, 0, size - 1)
    if match[1]:
        first = int(match[1])
        last = min(int(match[2]), size - 1) if match[2] else size - 1
    else:
        first, last = max(size - int(match[2]), 0), size - 1
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = _data(image, first, last)
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _data(image: Image, first: int, last: int) -> StreamingHttpResponse:
    """Return the bytes `first` to `last` of the image's file. Raise FileNotFoundError."""
    length = last - first + 1
    response = StreamingHttpResponse(_chunks(image_files.read_from(image, first, last), length))
    response.headers["Content-Length"] = str(length)
    return response


def _chunks(data: Data, left: int) -> Iterator[bytes]:
    with closing(data):
        while left > 0 and (chunk := data.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
