"""Settings of the Image API."""

from typing import Any

from accounts.openstack.service import Service
from accounts.openstack.view import ApiView


def _fault(status: int, message: str) -> dict[str, Any]:
    return {"code": status, "message": message}


IMAGE = Service(type="image", root="/image", base="/image/v2", fault=_fault)


class ImageView(ApiView):
    """Speak as Glance does."""

    api = IMAGE
