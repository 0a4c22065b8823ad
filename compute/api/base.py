"""Parts of every view of the Compute API: the project in the address, links, times of queries."""

import re
import zlib
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.openstack.microversions import Version
from accounts.openstack.paging import Paging
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView
from accounts.services import inputs
from compute.api import faults
from compute.api.microversions import MICROVERSIONS

MOST = 1000
"""Rows on one page of a list (Nova's max_limit)."""
COMPUTE = Service(
    type="compute",
    root="/compute",
    base="/compute/v2.1",
    fault=faults.body,
    error_schema=faults.SCHEMA,
    paging=Paging(default=MOST, most=MOST),
    microversions=MICROVERSIONS,
    strict_queries=Version(2, 75),
    request_id_header="x-compute-request-id",
)
url = COMPUTE.url


class ComputeView(ApiView):
    """Speak as Nova does."""

    api = COMPUTE

    def check_address(self, request: HttpRequest) -> None:
        """Raise BadInput unless the project that older catalogs have in the address is the token's."""
        match = re.match(r"/compute/v2(?:\.1)?/([0-9a-f]{32})/", request.path)
        if match is None or self.anonymous:
            return
        project = self.context.project
        if project is None or project.id != match[1]:
            raise BadInput(_("The project of the address is not the token's."))


def links(path: str, key: object) -> list[dict[str, str]]:
    return [{"rel": "self", "href": url(f"{path}/{key}")}, *bookmark(path, key)]


def bookmark(path: str, key: object) -> list[dict[str, str]]:
    """Return the address without a version."""
    return [{"rel": "bookmark", "href": f"{settings.PUBLIC_URL}/compute/{path}/{key}"}]


def number_of(key: bytes) -> int:
    """Return the number that stands for a UUID or a name in Nova's older microversions."""
    return zlib.crc32(key) & 0x7FFFFFFF


def moment_of(query: Mapping[str, str], name: str) -> datetime | None:
    """Return a time of the query string, in UTC where it names no zone. Raise BadInput."""
    text = query.get(name)
    # A plus sign that was not escaped arrives as a space.
    return inputs.moment({name: text.replace(" ", "+")}, name) if text else None
