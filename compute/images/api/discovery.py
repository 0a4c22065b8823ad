"""The versions of the Image API."""

from typing import Any

from accounts.openstack import discovery
from compute.api.schemas import BRIEF_VERSIONS
from compute.images.api.base import IMAGE, ImageView

VERSION = "v2.12"


class Versions(discovery.VersionDocument, ImageView):
    """`/image`, with and without a slash."""

    answers = {300: BRIEF_VERSIONS}

    def content(self) -> dict[str, Any]:
        return {"versions": [discovery.entry(VERSION, "CURRENT", IMAGE.url(""))]}


class Unknown(discovery.Unknown, ImageView):
    pass
