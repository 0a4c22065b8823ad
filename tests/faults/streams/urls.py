"""The project's addresses; one that takes a body of any size; and answers that only their client ends."""

import hashlib
import time
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from portal.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401

PART = 64 * 1024


@csrf_exempt
@login_not_required
def upload(request: HttpRequest) -> HttpResponse:
    """Answer with size and digest. Refuse whoever has no token before anything is read."""
    if "X-Auth-Token" not in request.headers:
        return HttpResponseForbidden("no token")
    size, digest = 0, hashlib.sha256()
    while part := request.read(PART):
        size += len(part)
        digest.update(part)
    return JsonResponse({"size": size, "sha256": digest.hexdigest()})


@csrf_exempt
@login_not_required
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


@login_not_required
def endless(_request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        while True:
            yield b"x" * PART
            time.sleep(0.01)  # or nginx would fill the disk with what nobody reads

    return StreamingHttpResponse(parts())


own: list[Any] = [path("test/upload", upload), path("test/echo", echo), path("test/endless", endless)]
urlpatterns = own + urlpatterns
