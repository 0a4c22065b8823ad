"""Which versions there are; needs no token."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api import faults
from accounts.api.base import IdentityView, url

VERSION = "v3.14"
UPDATED = "2020-04-07T00:00:00Z"
MEDIA_TYPE = "application/vnd.openstack.identity-v3+json"


def _version() -> dict[str, Any]:
    return {
        "id": VERSION,
        "status": "stable",
        "updated": UPDATED,
        "links": [{"rel": "self", "href": url("")}],
        "media-types": [{"base": "application/json", "type": MEDIA_TYPE}],
    }


class Versions(IdentityView):
    """`/identity`, with and without a slash."""

    anonymous = True

    def get(self, request: Request) -> HttpResponse:
        """List the versions of the Identity API."""
        return JsonResponse({"versions": {"values": [_version()]}}, status=300)


class Version(IdentityView):
    """`/identity/v3`, with and without a slash."""

    anonymous = True

    def get(self, request: Request) -> HttpResponse:
        """Show version 3 of the Identity API."""
        return JsonResponse({"version": _version()})


class Unknown(IdentityView):
    """Every other address: an error that API clients can read, and no redirect to one with a slash."""

    anonymous = True

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return faults.answer(404, "The resource could not be found.")
