"""The address prefixes of the APIs, which know tokens only, neither sessions nor pages."""

from django.http import HttpRequest

from accounts.api.base import IDENTITY
from accounts.openstack.service import Service
from compute.api.base import COMPUTE
from compute.images.api.base import IMAGE
from compute.networks.api.base import NETWORK
from compute.volumes.api.base import BLOCK_STORAGE

SERVICES = {
    "/identity": IDENTITY,
    "/compute": COMPUTE,
    "/image": IMAGE,
    "/network": NETWORK,
    "/volume": BLOCK_STORAGE,
}
PREFIXES = tuple(SERVICES)


def service_of(request: HttpRequest) -> Service | None:
    """Return the API that the address belongs to."""
    prefix = "/" + request.path.partition("/")[2].partition("/")[0]
    return SERVICES.get(prefix)


def is_api(request: HttpRequest) -> bool:
    """Return whether the address is an API's."""
    return service_of(request) is not None
