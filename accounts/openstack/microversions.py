"""Microversions: the version of an API's behaviour that a request names."""

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.errors import BadInput, MeridianError

HEADER: Final = "OpenStack-API-Version"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


NONE: Final = Version(0, 0)
"""The version of requests to APIs that have no microversions."""


class NotAcceptable(MeridianError):
    code = "notAcceptable"
    status = 406


@dataclass(frozen=True, slots=True, kw_only=True)
class Microversions:
    """The range of one service, which the header names; `old_header` is the older one without a name."""

    service: str
    oldest: Version
    newest: Version
    old_header: str = ""

    def requested(self, request: HttpRequest) -> Version:
        """Return the version that the headers name, else the oldest. Raise BadInput, NotAcceptable."""
        text = self._service_part(request.headers.get(HEADER)) or request.headers.get(self.old_header)
        if text is None:
            return self.oldest
        text = text.strip()
        if text == "latest":
            return self.newest
        if not re.fullmatch(r"[1-9]\d{0,3}\.(0|[1-9]\d{0,3})", text, re.ASCII):
            raise BadInput(_("API Version String %(given)s is of invalid format.") % {"given": text[:32]})
        version = Version(*map(int, text.split(".")))
        if not self.oldest <= version <= self.newest:
            raise NotAcceptable(
                _(
                    "Version %(given)s is not supported by the API. Minimum is %(oldest)s and maximum is %(newest)s."
                )
                % {"given": version, "oldest": self.oldest, "newest": self.newest}
            )
        return version

    def set_headers(self, response: HttpResponseBase, version: Version) -> None:
        """Name the version of the answer in its headers."""
        response[HEADER] = f"{self.service} {version}"
        response["Vary"] = HEADER
        if self.old_header:
            response[self.old_header] = str(version)
            response["Vary"] = f"{HEADER}, {self.old_header}"

    def _service_part(self, header: str | None) -> str | None:
        """Return the version of our service in a header like `compute 2.1, volume 3.0`."""
        for part in (header or "").split(","):
            service, _space, version = part.strip().partition(" ")
            if service.lower() == self.service and version:
                return version
        return None
