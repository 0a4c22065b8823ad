"""Settings of the Block Storage API."""

import re
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.errors import BadInput, Conflict, OverQuota
from accounts.openstack.paging import Paging, UnknownMarker
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView
from compute.api import faults
from compute.volumes.api.microversions import MICROVERSIONS

MOST = 1000
"""Rows on one page of a list (Cinder's osapi_max_limit)."""

BLOCK_STORAGE = Service(
    type="block-storage",
    root="/volume",
    base="/volume/v3",
    fault=faults.body,
    error_schema=faults.SCHEMA,
    paging=Paging(default=MOST, most=MOST),
    microversions=MICROVERSIONS,
)


def links_of(path: str) -> list[dict[str, str]]:
    """Return the links of a row at the path."""
    href = BLOCK_STORAGE.url(path)
    return [{"rel": "self", "href": href}, {"rel": "bookmark", "href": href.replace("/v3/", "/")}]


class VolumeView(ApiView):
    """Speak as Cinder does."""

    api = BLOCK_STORAGE
    conflict: ClassVar[int] = 400
    """The status of a request that the state of a row does not allow."""

    def handle_exception(self, exc: Exception) -> Any:
        """Answer as Cinder does: 413 for an exceeded quota, 400 for what a state does not allow, 404 for a marker."""
        if isinstance(exc, UnknownMarker):
            return self.api.error(404, str(exc.fields["marker"]))
        if isinstance(exc, OverQuota):
            return self.api.error(413, str(exc))
        if isinstance(exc, Conflict):
            return self.api.error(self.conflict, str(exc))
        return super().handle_exception(exc)

    def check_address(self, request: HttpRequest) -> None:
        """Raise BadInput unless the project that older catalogs have in the address is the token's."""
        match = re.match(r"/volume/v3/([0-9a-f]{32})/", request.path)
        if match is None or self.anonymous:
            return
        project = self.context.project
        if project is None or project.id != match[1]:
            raise BadInput(_("The project of the address is not the token's."))
