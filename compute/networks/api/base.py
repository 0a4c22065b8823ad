"""Settings of the Network API."""

from typing import Any

from accounts.openstack.paging import Paging
from accounts.openstack.schema import STRING, object_of
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView

_TYPES = {404: "HTTPNotFound", 403: "PolicyNotAuthorized", 400: "HTTPBadRequest"}


def _fault(status: int, message: str) -> dict[str, Any]:
    """Return an error in Neutron's form."""
    return {"NeutronError": {"type": _TYPES.get(status, "HTTPError"), "message": message, "detail": ""}}


NETWORK = Service(
    type="network",
    root="/network",
    base="/network/v2.0",
    fault=_fault,
    error_schema=object_of(
        {"NeutronError": object_of({"type": STRING, "message": STRING, "detail": STRING})}
    ),
    paging=Paging(default=1000, most=1000, zero_is_most=True),
)


class NetworkView(ApiView):
    """Speak as Neutron does."""

    api = NETWORK
