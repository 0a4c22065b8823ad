"""Which behaviour of the Compute API a request asks for.

Everything up to NEWEST is honoured by what there is. Changes of volumes and interfaces answer 404; of
migrations there are resizes only.
"""

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.errors import BadInput, MeridianError


@dataclass(frozen=True, slots=True, order=True)
class Version:
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST: Final = Version(2, 1)
NEWEST: Final = Version(2, 73)
HEADER = "OpenStack-API-Version"
OLD_HEADER = "X-OpenStack-Nova-API-Version"


class NotAcceptable(MeridianError):
    code = "computeFault"
    status = 406


def asked(request: HttpRequest) -> Version:
    """The version that the headers name, the oldest where they name none. Raises BadInput, NotAcceptable."""
    given = _of_compute(request.headers.get(HEADER)) or request.headers.get(OLD_HEADER)
    if given is None:
        return OLDEST
    given = given.strip()
    if given == "latest":
        return NEWEST
    if not re.fullmatch(r"[1-9]\d{0,3}\.(0|[1-9]\d{0,3})", given, re.ASCII):
        raise BadInput(_("API Version String %(given)s is of invalid format.") % {"given": given[:32]})
    version = Version(*map(int, given.split(".")))
    if not OLDEST <= version <= NEWEST:
        raise NotAcceptable(
            _(
                "Version %(given)s is not supported by the API. Minimum is %(oldest)s and maximum is %(newest)s."
            )
            % {"given": version, "oldest": OLDEST, "newest": NEWEST}
        )
    return version


def say(response: HttpResponseBase, version: Version) -> None:
    """Name the version that the answer speaks."""
    response[HEADER] = f"compute {version}"
    response[OLD_HEADER] = str(version)
    response["Vary"] = f"{HEADER}, {OLD_HEADER}"


def _of_compute(header: str | None) -> str | None:
    """The version of the part `compute 2.x` of a header that may name several services."""
    for part in (header or "").split(","):
        service, _space, version = part.strip().partition(" ")
        if service.lower() == "compute" and version:
            return version
    return None
