"""Answers without a body, and those with very much of it."""

from typing import Any

import orjson
from django.http import HttpResponse


def listed(body: dict[str, Any]) -> HttpResponse:
    """Return a list as JSON, in a tenth of the time that `JsonResponse` takes: with many rows that is felt."""
    return HttpResponse(orjson.dumps(body, default=str), content_type="application/json")


def no_content() -> HttpResponse:
    """Return 204."""
    return _bare(204)


def done() -> HttpResponse:
    """Return 200 without a body, which Cinder has where others have 204."""
    return _bare(200)


def accepted() -> HttpResponse:
    """Return 202: an action has begun."""
    return _bare(202)


def created(address: str) -> HttpResponse:
    """Return 201 with the URL of the new resource."""
    response = _bare(201)
    response["Location"] = address
    return response


def _bare(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response.headers["Content-Type"]
    return response
