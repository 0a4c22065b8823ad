"""What people hang on an instance: metadata, tags, and the addresses at which others should reach it."""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_text
from accounts.services import quotas

MOST_METADATA = 128
MOST_TAGS = 50
LONGEST_TAG = 60


def clean_metadata(given: object) -> dict[str, str]:
    """Keys and values of 1 to 255 and up to 255 characters. Raise BadInput."""
    if not isinstance(given, Mapping):
        raise _wrong("metadata", _("Give an object of keys and texts."))
    if len(given) > MOST_METADATA:
        raise _wrong("metadata", _("Keep at most %(most)s entries.") % {"most": MOST_METADATA})
    for key, value in given.items():
        if not is_text(key) or not (value == "" or is_text(value)):
            raise _wrong("metadata", _("Keys and values are texts of at most 255 characters."))
    return dict(given)


def enforce_quota(project_id: str, user_id: str | None, metadata: Mapping[str, str]) -> None:
    """Raise OverQuota for more metadata than an instance of the project, and of its user, may have."""
    if not metadata:
        return
    limits = quotas.user_limits(project_id, user_id) if user_id else quotas.limits([project_id])[project_id]
    said = _("Quota exceeded, too many metadata items.")
    quotas.enforce_cap("metadata_items", limits["metadata_items"], len(metadata), said)


def clean_tags(given: object) -> list[str]:
    """Each once, in order. Raise BadInput."""
    if not isinstance(given, list) or not all(
        is_text(tag, LONGEST_TAG) and not {"/", ","} & set(tag) for tag in given
    ):
        raise _wrong(
            "tags",
            _("Give a list of tags of up to %(longest)s characters without / and ,")
            % {"longest": LONGEST_TAG},
        )
    found = sorted(set(given))
    if len(found) > MOST_TAGS:
        raise _wrong("tags", _("Keep at most %(most)s tags.") % {"most": MOST_TAGS})
    return found


def _address(field: str, version: int) -> Callable[[object], str | None]:
    def check(given: object) -> str | None:
        if given == "":
            return None
        try:
            address = ipaddress.ip_address(given) if isinstance(given, str) else None
        except ValueError:
            address = None
        if address is None or address.version != version:
            raise _wrong(field, _("This is no address of IP version %(version)s.") % {"version": version})
        return str(address)

    return check


CHECKS: dict[str, Callable[[object], Any]] = {
    "metadata": clean_metadata,
    "tags": clean_tags,
    "access_ipv4": _address("access_ipv4", 4),
    "access_ipv6": _address("access_ipv6", 6),
}
"""Column → what its values must be; returns what is kept. Raise BadInput naming the column."""


def _wrong(field: str, sentence: str) -> BadInput:
    return BadInput(fields={field: sentence})
