"""The versions, resources and extensions of the Network API."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack import discovery
from accounts.openstack.contract import contract
from compute.api.schemas import BRIEF_VERSIONS
from compute.networks.api.base import NETWORK, NetworkView
from compute.networks.api.schemas import networks as schemas


class Versions(discovery.VersionDocument, NetworkView):
    """`/network`, with and without a slash."""

    answers = {200: BRIEF_VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": [discovery.entry("v2.0", "CURRENT", NETWORK.url(""))]}


class Resources(discovery.VersionDocument, NetworkView):
    """`/network/v2.0`, with and without a slash."""

    answers = {200: schemas.RESOURCES}

    def content(self) -> dict[str, Any]:
        resources = [
            {
                "name": name,
                "collection": f"{name}s",
                "links": [{"rel": "self", "href": NETWORK.url(f"{name}s")}],
            }
            for name in ("network", "subnet")
        ]
        return {"resources": resources}


class Extensions(NetworkView):
    """There are none."""

    @contract(answers={200: schemas.EXTENSIONS})
    def get(self, request: Request) -> HttpResponse:
        return JsonResponse({"extensions": []})


class Unknown(discovery.Unknown, NetworkView):
    pass
