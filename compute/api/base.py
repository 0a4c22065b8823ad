"""What all resources of the Compute API share: microversions, faults, links, paging, times."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.base import TokenView
from accounts.errors import BadInput, NotFound
from accounts.services import inputs
from compute.api import faults, microversions
from compute.api.microversions import OLDEST, Version

ROOT = "/compute/v2.1"
MOST = 1000
"""Rows on one page of a list (Nova's max_limit)."""
Row = TypeVar("Row")


class ComputeView(TokenView):
    """Speaks as Nova does. `since` and `until` are the microversions that know the resource."""

    service = "compute"
    root = ROOT
    since: Version = OLDEST
    until: Version = microversions.NEWEST
    version: Version = OLDEST

    def fault(self, error: Exception) -> JsonResponse | None:
        return faults.of(error)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.version = microversions.asked(request._request)
        super().initial(request, *args, **kwargs)
        self._enforce_project(request._request)
        if not self.since <= self.version <= self.until:
            raise NotFound(_("The resource could not be found."))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        microversions.say(finished, self.version)
        finished["x-compute-request-id"] = getattr(request._request, "request_id", "")
        return finished

    def _enforce_project(self, request: HttpRequest) -> None:
        """Older catalogs have the project in the address: it must be the token's."""
        named = re.match(r"/compute/v2(?:\.1)?/([0-9a-f]{32})/", request.path)
        if named is None or self.anonymous:
            return
        project = self.context.project
        if project is None or project.id != named[1]:
            raise BadInput(_("The project of the address is not the token's."))

    def at_least(self, minor: int) -> bool:
        """Whether the request speaks 2.`minor` or newer."""
        return self.version >= Version(2, minor)


def url(path: str) -> str:
    """The whole address of a path below /compute/v2.1."""
    return f"{settings.PUBLIC_URL}{ROOT}/{path}"


def links(path: str, key: object) -> list[dict[str, str]]:
    return [{"rel": "self", "href": url(f"{path}/{key}")}, *bookmark(path, key)]


def bookmark(path: str, key: object) -> list[dict[str, str]]:
    """The address without a version."""
    return [{"rel": "bookmark", "href": f"{settings.PUBLIC_URL}/compute/{path}/{key}"}]


def accepted() -> HttpResponse:
    """202 without a body: an action has begun."""
    response = HttpResponse(status=202)
    del response.headers["Content-Type"]
    return response


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


def zulu(moment: datetime) -> str:
    """Times of servers, images and networks: seconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(query: Mapping[str, str], name: str) -> datetime | None:
    """A time of the query string, in UTC where it names no zone. Raises BadInput."""
    given = query.get(name)
    # A plus sign that was not escaped arrives as a space.
    return inputs.moment({name: given.replace(" ", "+")}, name) if given else None
