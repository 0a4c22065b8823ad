"""Errors as Nova's bodies: `{"itemNotFound": {"code": 404, "message": …}}`."""

from django.http import JsonResponse

from accounts.api import faults
from accounts.errors import MeridianError

NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


class NotImplementedHere(MeridianError):
    """What Nova has and we do not."""

    code = "notImplemented"
    status = 501


def of(error: Exception) -> JsonResponse | None:
    """The answer to an error that a person may read; None for bugs."""
    found = faults.read(error)
    return answer(*found) if found else None


def answer(status: int, message: str) -> JsonResponse:
    name = NAMES.get(status, "computeFault")
    body = {name: {"code": status, "message": message}}
    return faults.with_headers(JsonResponse(body, status=status))
