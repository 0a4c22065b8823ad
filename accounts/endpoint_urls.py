"""Addresses in the catalog that differ from token to token, as Keystone writes them: `…/AUTH_%(project_id)s`."""

import re

from django.conf import settings

PLACE = re.compile(r"[$%]\((\w+)\)s")
OLD_NAMES = {"tenant_id": "project_id"}
KNOWN = {"project_id", "tenant_id", "user_id"}


def unknown_places(url: str) -> set[str]:
    """What the address asks for that no token has."""
    return set(PLACE.findall(url)) - KNOWN


def whole(url: str) -> str:
    """The whole address: one that begins with a slash is ours and follows MERIDIAN_URL."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def filled(url: str, values: dict[str, str | None]) -> str | None:
    """The address for a token with these values; None where it asks for one that the token lacks."""
    found = {name: values.get(OLD_NAMES.get(name, name)) for name in PLACE.findall(url)}
    if None in found.values():
        return None
    return PLACE.sub(lambda place: str(found[place[1]]), url)
