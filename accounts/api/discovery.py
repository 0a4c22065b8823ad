"""The versions of the Identity API."""

from typing import Any

from accounts.api.base import IdentityView, url
from accounts.api.schemas import discovery as schemas
from accounts.openstack import discovery

VERSION = "v3.14"
UPDATED = "2020-04-07T00:00:00Z"
MEDIA_TYPE = "application/vnd.openstack.identity-v3+json"


def _version() -> dict[str, Any]:
    media_types = [{"base": "application/json", "type": MEDIA_TYPE}]
    return discovery.entry(VERSION, "stable", url(""), updated=UPDATED) | {"media-types": media_types}


class Versions(discovery.VersionDocument, IdentityView):
    """`/identity`, with and without a slash."""

    answers = {300: schemas.VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": {"values": [_version()]}}


class Version(discovery.VersionDocument, IdentityView):
    """`/identity/v3`, with and without a slash."""

    answers = {200: schemas.VERSION}

    def content(self) -> dict[str, Any]:
        return {"version": _version()}


class Unknown(discovery.Unknown, IdentityView):
    pass
