"""Which versions of the Image API there are."""

from typing import Any

from accounts.openstack import discovery
from compute.images.api.base import IMAGE, ImageView
from compute.images.api.schemas import images as schemas

VERSION = "v2.9"


class Versions(discovery.VersionDocument, ImageView):
    """`/image`, with and without a slash."""

    answers = {300: schemas.VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": [discovery.entry(VERSION, "CURRENT", IMAGE.url(""))]}


class Unknown(discovery.Unknown, ImageView):
    pass
