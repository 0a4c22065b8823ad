"""Endpoint URLs with placeholders that each token fills, as in Keystone: `…/AUTH_%(project_id)s`."""

import re

from django.conf import settings

PLACEHOLDER = re.compile(r"[$%]\((\w+)\)s")
ALIASES = {"tenant_id": "project_id"}
PLACEHOLDER_NAMES = {"project_id", "tenant_id", "user_id"}


def unknown_placeholders(url: str) -> set[str]:
    """Return the placeholders of the URL that no token can fill."""
    return set(PLACEHOLDER.findall(url)) - PLACEHOLDER_NAMES


def absolute(url: str) -> str:
    """Return the absolute URL. One that begins with a slash is ours and follows MERIDIAN_URL."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def fill_in(url: str, values: dict[str, str | None]) -> str | None:
    """Return the URL with these values in its placeholders; None if a value is missing."""
    filled = {name: values.get(ALIASES.get(name, name)) for name in PLACEHOLDER.findall(url)}
    if None in filled.values():
        return None
    return PLACEHOLDER.sub(lambda match: str(filled[match[1]]), url)
