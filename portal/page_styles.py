"""The styles of all pages: at a browser's first visit within the page, so that it is painted after one answer.

From then on they are a file that the browser keeps.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString, mark_safe

FILE = "css/meridian.css"
COOKIE = "styles"
"""It says which version of the file a browser has been asked to fetch."""
YEAR = 365 * 24 * 3600


def within(request: HttpRequest | None) -> SafeString:
    """Return the styles if the browser has yet to fetch them, else nothing. `PageStyles` then remembers that it will."""
    if request is None or request.COOKIES.get(COOKIE) == settings.STATIC_VERSION:
        return SafeString()
    style = _read(Path(settings.STATIC_ROOT) / FILE)
    request.has_styles_within = bool(style)  # type: ignore[attr-defined]
    return style


class PageStyles:
    """Remember, in the browser, that it has been sent the styles."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        if getattr(request, "has_styles_within", False):
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(
                COOKIE, settings.STATIC_VERSION, YEAR, secure=secure, httponly=True, samesite="Lax"
            )
        return response


@lru_cache(2)
def _read(file: Path) -> SafeString:
    """Return the bundled styles, with addresses that hold in every page; nothing before the first start."""
    try:
        style = file.read_text()
    except FileNotFoundError:
        return SafeString()
    return mark_safe(style.replace("url(../", f"url({settings.STATIC_URL}"))  # noqa: S308 - a file of our own
