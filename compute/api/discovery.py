"""The versions of the Compute API."""

from typing import Any

from django.conf import settings

from accounts.openstack import discovery
from compute.api import schemas
from compute.api.base import ComputeView
from compute.api.microversions import NEWEST, OLDEST

V21_UPDATED = "2013-07-23T11:33:21Z"
V20_UPDATED = "2011-01-21T11:33:21Z"
MEDIA_TYPE = "application/vnd.openstack.compute+json;version="


def v21() -> dict[str, Any]:
    href = f"{settings.PUBLIC_URL}/compute/v2.1/"
    return discovery.entry(
        "v2.1", "CURRENT", href, version=str(NEWEST), min_version=str(OLDEST), updated=V21_UPDATED
    )


def v20() -> dict[str, Any]:
    """Return the same API without microversions, for older clients."""
    href = f"{settings.PUBLIC_URL}/compute/v2/"
    return discovery.entry("v2.0", "SUPPORTED", href, version="", min_version="", updated=V20_UPDATED)


def _with_media_type(version: dict[str, Any]) -> dict[str, Any]:
    types = [
        {"base": "application/json", "type": MEDIA_TYPE + version["id"].removeprefix("v").removesuffix(".0")}
    ]
    return version | {"media-types": types}


class Versions(discovery.VersionDocument, ComputeView):
    """`/compute`, with and without a slash."""

    answers = {200: schemas.VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": [v20(), v21()]}


class OneVersion(discovery.VersionDocument, ComputeView):
    """`/compute/v2.1` and `/compute/v2`, with and without a slash."""

    answers = {200: schemas.VERSION}
    number = "2.1"

    def content(self) -> dict[str, Any]:
        return {"version": _with_media_type(v21() if self.number == "2.1" else v20())}


class Unknown(discovery.Unknown, ComputeView):
    pass


class Gone(Unknown):
    """Answer for the resources that Nova has removed."""

    status = 410
    message = "This resource is no longer available.  No forwarding address is given."
