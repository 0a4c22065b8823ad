"""The settings that tell one OpenStack API from another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import JsonResponse

from accounts.openstack import faults
from accounts.openstack.microversions import Microversions

FaultForm = Callable[[int, str], dict[str, Any]]
"""From status and message to the body of an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One API. `type` is its name in the catalog and in access rules, whose paths begin below `root`.

    Links begin with `base`. `request_id_header` repeats the request's id under the service's own name.
    """

    type: str
    root: str
    base: str
    fault: FaultForm
    microversions: Microversions | None = None
    request_id_header: str = ""

    def url(self, path: str) -> str:
        """Return the absolute address of a path below `base`."""
        return f"{settings.PUBLIC_URL}{self.base}/{path}"

    def error(self, status: int, message: str) -> JsonResponse:
        """Return an error in the service's own form, with the headers that belong to its status."""
        return faults.with_headers(JsonResponse(self.fault(status, message), status=status))

    def error_of(self, error: Exception) -> JsonResponse | None:
        """Return the answer to an error that a person may read; None for bugs."""
        found = faults.read(error)
        return self.error(*found) if found else None
