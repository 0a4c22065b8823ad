"""Which addresses belong to APIs: those know tokens only, neither sessions nor pages."""

from django.http import HttpRequest

from accounts.services import catalog

PREFIXES = tuple(f"/{service.path.split('/')[1]}" for service in catalog.own.values())
"""The first part of each path that the catalog names. Every app has registered its APIs when this is imported."""


def is_api(request: HttpRequest) -> bool:
    """Return whether the address is an API's."""
    return f"/{request.path[1:].partition('/')[0]}" in PREFIXES
