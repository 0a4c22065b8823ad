"""Addresses in the catalog that differ from token to token, as Keystone writes them: `…/AUTH_%(project_id)s`."""

import re

from django.conf import settings

PLACEHOLDER = re.compile(r"[$%]\((\w+)\)s")
ALIASES = {"tenant_id": "project_id"}
PLACEHOLDER_NAMES = {"project_id", "tenant_id", "user_id"}


def unknown_placeholders(url: str) -> set[str]:
    """Return the placeholders of the address that no token can fill."""
    return set(PLACEHOLDER.findall(url)) - PLACEHOLDER_NAMES


def absolute(url: str) -> str:
    """Return the whole address: one that begins with a slash is ours and follows MERIDIAN_URL."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def fill_in(url: str, values: dict[str, str | None]) -> str | None:
    """Return the address for a token with these values; None where it asks for one that the token lacks."""
    filled = {name: values.get(ALIASES.get(name, name)) for name in PLACEHOLDER.findall(url)}
    if None in filled.values():
        return None
    return PLACEHOLDER.sub(lambda match: str(filled[match[1]]), url)
