"""The versions of the Block Storage API."""

from typing import Any

from accounts.openstack import discovery
from compute.api import schemas
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView
from compute.volumes.api.microversions import NEWEST, OLDEST

MEDIA_TYPE = "application/vnd.openstack.volume+json;version=3"
UPDATED = "2023-08-31T00:00:00Z"


def _v3() -> dict[str, Any]:
    version = discovery.entry(
        "v3.0",
        "CURRENT",
        BLOCK_STORAGE.url(""),
        version=str(NEWEST),
        min_version=str(OLDEST),
        updated=UPDATED,
    )
    return version | {"media-types": [{"base": "application/json", "type": MEDIA_TYPE}]}


class Versions(discovery.VersionDocument, VolumeView):
    """`/volume`, with and without a slash."""

    answers = {300: schemas.VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": [_v3()]}


class OneVersion(discovery.VersionDocument, VolumeView):
    """`/volume/v3`, with and without a slash."""

    answers = {200: schemas.VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": [_v3()]}


class Unknown(discovery.Unknown, VolumeView):
    pass
