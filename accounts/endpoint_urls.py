"""Addresses in the catalog that differ from token to token, as Keystone writes them: `…/AUTH_%(project_id)s`."""

import re

from django.conf import settings

PLACE = re.compile(r"[$%]\((\w+)\)s")
OLD_NAMES = {"tenant_id": "project_id"}
KNOWN = {"project_id", "tenant_id", "user_id"}


def unknown_places(url: str) -> set[str]:
    """Return the placeholders of the address that no token can fill."""
    return set(PLACE.findall(url)) - KNOWN


def whole(url: str) -> str:
    """Return the whole address: one that begins with a slash is ours and follows MERIDIAN_URL."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def filled(url: str, values: dict[str, str | None]) -> str | None:
    """Return the address for a token with these values; None where it asks for one that the token lacks."""
    values_of = {name: values.get(OLD_NAMES.get(name, name)) for name in PLACE.findall(url)}
    if None in values_of.values():
        return None
    return PLACE.sub(lambda place: str(values_of[place[1]]), url)
