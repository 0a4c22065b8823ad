"""Labels of instances: metadata, tags, access addresses, and host names."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_tag
from compute.engine.services import metadata

MOST_TAGS = 50
LONGEST_TAG = 60
HOSTNAME = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
"""One label of a name (RFC 1123)."""

FULL_HOSTNAME = rf"{HOSTNAME}(\.{HOSTNAME})*"
"""A host name with or without its domain."""

LONGEST_HOSTNAME = 255


def clean_tags(tags: object) -> list[str]:
    """Return each tag once, sorted. Raise BadInput."""
    if not isinstance(tags, list) or not all(is_tag(tag, LONGEST_TAG) for tag in tags):
        raise _bad_input(
            "tags",
            _("Give a list of tags of up to %(longest)s characters without / and ,")
            % {"longest": LONGEST_TAG},
        )
    result = sorted(set(tags))
    if len(result) > MOST_TAGS:
        raise _bad_input("tags", _("Keep at most %(most)s tags.") % {"most": MOST_TAGS})
    return result


def clean_hostname(value: object) -> str:
    """Return the host name in lower case, in which DHCP and guests have it. Raise BadInput."""
    is_text = isinstance(value, str) and len(value) <= LONGEST_HOSTNAME
    if not is_text or not re.fullmatch(FULL_HOSTNAME, str(value)):
        raise _bad_input("hostname", _("Give a host name of letters and digits, with hyphens between them."))
    return str(value).lower()


def _address_check(field: str, version: int) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if value == "":
            return None
        try:
            address = ipaddress.ip_address(value) if isinstance(value, str) else None
        except ValueError:
            address = None
        if address is None or address.version != version:
            raise _bad_input(field, _("This is no address of IP version %(version)s.") % {"version": version})
        return str(address)

    return check


CHECKS: dict[str, Callable[[object], Any]] = {
    "metadata": metadata.clean,
    "tags": clean_tags,
    "access_ipv4": _address_check("access_ipv4", 4),
    "access_ipv6": _address_check("access_ipv6", 6),
    "hostname": clean_hostname,
}
"""{column: function that returns the value to store, or raises BadInput naming the column}."""


def _bad_input(field: str, sentence: str) -> BadInput:
    return BadInput(fields={field: sentence})
