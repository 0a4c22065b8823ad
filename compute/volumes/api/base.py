"""Settings of the Block Storage API."""

import re
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.openstack.microversions import Microversions, Version
from accounts.openstack.paging import Paging
from accounts.openstack.service import Service
from accounts.openstack.view import ApiView
from compute.api import faults

OLDEST: Final = Version(3, 0)
NEWEST: Final = Version(3, 70)
MOST = 1000
"""Rows on one page of a list (Cinder's osapi_max_limit)."""

BLOCK_STORAGE = Service(
    type="block-storage",
    root="/volume",
    base="/volume/v3",
    fault=faults.body,
    error_schema=faults.SCHEMA,
    paging=Paging(default=MOST, most=MOST),
    microversions=Microversions(service="volume", oldest=OLDEST, newest=NEWEST),
)


class VolumeView(ApiView):
    """Speak as Cinder does."""

    api = BLOCK_STORAGE

    def check_address(self, request: HttpRequest) -> None:
        """Raise BadInput unless the project that older catalogs have in the address is the token's."""
        match = re.match(r"/volume/v3/([0-9a-f]{32})/", request.path)
        if match is None or self.anonymous:
            return
        project = self.context.project
        if project is None or project.id != match[1]:
            raise BadInput(_("The project of the address is not the token's."))
