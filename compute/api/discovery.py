"""Which versions there are; needs no token."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api import discovery
from compute.api import faults
from compute.api.base import ComputeView
from compute.api.microversions import NEWEST, OLDEST

V21_UPDATED = "2013-07-23T11:33:21Z"
V20_UPDATED = "2011-01-21T11:33:21Z"
MEDIA_TYPE = "application/vnd.openstack.compute+json;version="


def v21() -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": str(NEWEST),
        "min_version": str(OLDEST),
        "updated": V21_UPDATED,
        "links": [{"rel": "self", "href": f"{settings.PUBLIC_URL}/compute/v2.1/"}],
    }


def v20() -> dict[str, Any]:
    """The same API without microversions, for clients from before them."""
    return {
        "id": "v2.0",
        "status": "SUPPORTED",
        "version": "",
        "min_version": "",
        "updated": V20_UPDATED,
        "links": [{"rel": "self", "href": f"{settings.PUBLIC_URL}/compute/v2/"}],
    }


def _with_media_type(version: dict[str, Any]) -> dict[str, Any]:
    types = [
        {"base": "application/json", "type": MEDIA_TYPE + version["id"].removeprefix("v").removesuffix(".0")}
    ]
    return version | {"media-types": types}


class Versions(ComputeView):
    """`/compute`, with and without a slash."""

    anonymous = True

    def get(self, request: Request) -> HttpResponse:
        return JsonResponse({"versions": [v20(), v21()]})


class OneVersion(ComputeView):
    """`/compute/v2.1` and `/compute/v2`, with and without a slash."""

    anonymous = True
    number = "2.1"

    def get(self, request: Request) -> HttpResponse:
        return JsonResponse({"version": _with_media_type(v21() if self.number == "2.1" else v20())})


class Extensions(ComputeView):
    """There are none: microversions have taken their place."""

    def get(self, request: Request) -> HttpResponse:
        return JsonResponse({"extensions": []})


class Gone(discovery.Unknown):
    """What Nova has given up, and answers so."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return faults.answer(410, "This resource is no longer available.  No forwarding address is given.")


class Unknown(discovery.Unknown):
    """Every other address."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return faults.answer(404, "The resource could not be found.")
