"""The properties of one OpenStack API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack import faults
from accounts.openstack.microversions import Microversions, Version
from accounts.openstack.paging import Page, Paging, Row, next_page_query
from accounts.openstack.responses import listed
from accounts.openstack.schema import Schema

FaultForm = Callable[[int, str], dict[str, Any]]
"""Returns the body of an error with this status and message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One API. `type` is its name in the catalog and in access rules, whose paths begin below `root`, with the version.

    Links begin with `base`. `request_id_header` repeats the request's id under the service's own name. From
    `strict_queries` on, a query string may have known parameters only.
    """

    type: str
    root: str
    base: str
    fault: FaultForm
    error_schema: Schema
    paging: Paging
    microversions: Microversions | None = None
    request_id_header: str = ""
    strict_queries: Version | None = None

    def url(self, path: str) -> str:
        """Return the absolute URL of a path below `base`."""
        return f"{settings.PUBLIC_URL}{self.base}/{path}"

    def page_response(
        self,
        request: Request,
        plural: str,
        path: str,
        page: Page[Row],
        show: Callable[[Row], Any],
        *,
        marker: Callable[[Row], object] = lambda row: getattr(row, "pk", ""),
    ) -> HttpResponse:
        """Return a page in the form of Nova, Neutron and Cinder: rows, and the link to the next page."""
        body: dict[str, Any] = {plural: [show(row) for row in page.rows]}
        if page.more:
            body[f"{plural}_links"] = [self.next_link(request, path, marker(page.rows[-1]))]
        return listed(body)

    def next_link(self, request: Request, path: str, marker: object) -> dict[str, str]:
        """Return the link to the page after the marker."""
        query = next_page_query(request._request.GET, marker)
        return {"rel": "next", "href": f"{self.url(path)}?{query}"}

    def error(self, status: int, message: str) -> JsonResponse:
        """Return an error in the service's own form, with the headers of its status."""
        return faults.with_headers(JsonResponse(self.fault(status, message), status=status))

    def error_response(self, error: Exception) -> JsonResponse | None:
        """Return the response to an error that a person may read; None for a bug."""
        fault = faults.describe(error)
        return self.error(*fault) if fault else None
