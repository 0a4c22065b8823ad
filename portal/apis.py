"""Which addresses belong to APIs: those know tokens only, neither sessions nor pages."""

from django.http import HttpRequest

PREFIXES = ("/identity", "/compute", "/image", "/network")


def is_api(request: HttpRequest) -> bool:
    """Whether the address is an API's."""
    return any(request.path == prefix or request.path.startswith(f"{prefix}/") for prefix in PREFIXES)
