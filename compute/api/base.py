"""What the resources of the Compute API share: project in the address, links, paging, times of queries."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView
from accounts.services import inputs
from compute.api import faults
from compute.api.microversions import MICROVERSIONS

COMPUTE = Service(
    type="compute",
    root="/compute/v2.1",
    base="/compute/v2.1",
    fault=faults.body,
    microversions=MICROVERSIONS,
    request_id_header="x-compute-request-id",
)
url = COMPUTE.url
MOST = 1000
"""Rows on one page of a list (Nova's max_limit)."""
Row = TypeVar("Row")


class ComputeView(ApiView):
    """Speak as Nova does."""

    api = COMPUTE

    def check_address(self, request: HttpRequest) -> None:
        """Raise BadInput unless the project that older catalogs have in the address is the token's."""
        named = re.match(r"/compute/v2(?:\.1)?/([0-9a-f]{32})/", request.path)
        if named is None or self.anonymous:
            return
        project = self.context.project
        if project is None or project.id != named[1]:
            raise BadInput(_("The project of the address is not the token's."))


def links(path: str, key: object) -> list[dict[str, str]]:
    return [{"rel": "self", "href": url(f"{path}/{key}")}, *bookmark(path, key)]


def bookmark(path: str, key: object) -> list[dict[str, str]]:
    """Return the address without a version."""
    return [{"rel": "bookmark", "href": f"{settings.PUBLIC_URL}/compute/{path}/{key}"}]


def limit_of(query: Mapping[str, str], most: int = MOST) -> int:
    """How many rows a page has at most. Raises BadInput."""
    given = query.get("limit", "")
    if given == "":
        return most
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise BadInput(fields={"limit": _("Give a whole number from 0.")})
    return min(int(given), most) or most


def page(query: Mapping[str, str], keys: Sequence[Any]) -> tuple[list[Any], bool]:
    """The keys after `marker`, at most `limit`, and whether more may follow. Raises BadInput."""
    start = 0
    marker = query.get("marker")
    if marker:
        start = next((place for place, key in enumerate(keys, start=1) if str(key) == marker), 0)
        if not start:
            raise BadInput(fields={"marker": _("No row of this list has this id.")})
    limit = limit_of(query)
    found = list(keys[start : start + limit])
    asked = query.get("limit", "") not in {"", "0"} or len(keys) - start > limit
    return found, asked and len(found) == limit


def next_links(request: Request, plural: str, last: object, path: str) -> dict[str, Any]:
    """The link that goes on after `last`, as a part of the list's body."""
    query = request.query_params.copy()
    query["marker"] = str(last)
    return {f"{plural}_links": [{"rel": "next", "href": f"{url(path)}?{query.urlencode()}"}]}


def listed(
    request: Request,
    plural: str,
    path: str,
    rows: Sequence[Row],
    key: Callable[[Row], object],
    show: Callable[[Row], dict[str, Any]],
) -> HttpResponse:
    """A page of rows that are all in memory."""
    by_key = {key(row): row for row in rows}
    found, more = page(request.query_params, list(by_key))
    body: dict[str, Any] = {plural: [show(by_key[each]) for each in found]}
    if more:
        body |= next_links(request, plural, found[-1], path)
    return JsonResponse(body)


def number_of(key: bytes) -> int:
    """The id of what has a UUID or a name here and had a number in Nova's first versions."""
    return zlib.crc32(key) & 0x7FFFFFFF


def moment_of(query: Mapping[str, str], name: str) -> datetime | None:
    """A time of the query string, in UTC where it names no zone. Raises BadInput."""
    given = query.get(name)
    # A plus sign that was not escaped arrives as a space.
    return inputs.moment({name: given.replace(" ", "+")}, name) if given else None
