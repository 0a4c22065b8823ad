"""Answers without a body."""

from django.http import HttpResponse


def no_content() -> HttpResponse:
    """Return 204."""
    return _bare(204)


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
