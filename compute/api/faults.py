"""Errors as Nova's bodies: `{"itemNotFound": {"code": 404, "message": …}}`."""

from typing import Any

from accounts.errors import MeridianError
from accounts.openstack.schema import INTEGER, STRING, Schema, map_of, object_of

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

SCHEMA: Schema = map_of(object_of({"code": INTEGER, "message": STRING}), most=1)


class NotImplementedHere(MeridianError):
    """Nova has this, Meridian does not."""

    code = "notImplemented"
    status = 501


def body(status: int, message: str) -> dict[str, Any]:
    return {NAMES.get(status, "computeFault"): {"code": status, "message": message}}
