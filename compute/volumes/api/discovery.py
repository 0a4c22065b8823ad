"""The versions of the Block Storage API."""

from typing import Any

from accounts.openstack import discovery
from compute.api import schemas
from compute.volumes.api.base import BLOCK_STORAGE, NEWEST, OLDEST, VolumeView

UPDATED = "2023-08-31T00:00:00Z"


def _v3() -> dict[str, Any]:
    return discovery.entry(
        "v3.0",
        "CURRENT",
        BLOCK_STORAGE.url(""),
        version=str(NEWEST),
        min_version=str(OLDEST),
        updated=UPDATED,
    )


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
