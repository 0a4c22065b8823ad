"""Settings of the Image API."""

from typing import Any

from accounts.errors import MeridianError
from accounts.openstack.paging import Paging
from accounts.openstack.schema import INTEGER, STRING, object_of
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView


def _fault(status: int, message: str) -> dict[str, Any]:
    return {"code": status, "message": message}


IMAGE = Service(
    type="image",
    root="/image",
    base="/image/v2",
    fault=_fault,
    error_schema=object_of({"code": INTEGER, "message": STRING}),
    paging=Paging(default=25, most=1000, eager=False),
)


class UnsupportedType(MeridianError):
    code = "unsupportedMediaType"
    status = 415


class ImageView(ApiView):
    """Speak as Glance does."""

    api = IMAGE
