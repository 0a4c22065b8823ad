"""What a browser's first visit has within the page: styles, and the scripts of a console. One answer is then enough.

From then on they are files that the browser keeps.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString, mark_safe

COOKIES = {
    "css/meridian.css": "styles",
    "css/pages.css": "page-styles",
    "css/console.css": "console-styles",
    "js/console.js": "console",
}
"""{file: the cookie that says which version of it a browser has been asked to fetch}."""
YEAR = 365 * 24 * 3600


def within(request: HttpRequest | None, file: str) -> SafeString:
    """Return the text of one of `COOKIES` if the browser has yet to fetch it, else nothing.

    `FirstVisit` then remembers that it will.
    """
    cookie = COOKIES.get(file)
    if cookie is None or request is None or request.COOKIES.get(cookie) == settings.STATIC_VERSION:
        return SafeString()
    text = _read(Path(settings.STATIC_ROOT) / file)
    if text:
        request.__dict__.setdefault("brought", set()).add(file)
    return text


class FirstVisit:
    """Remember, in the browser, what it has been sent within pages."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        for file in request.__dict__.get("brought", ()):
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(
                COOKIES[file], settings.STATIC_VERSION, YEAR, secure=secure, httponly=True, samesite="Lax"
            )
        return response


@lru_cache(4)
def _read(file: Path) -> SafeString:
    """Return a bundle, so that it may stand in a page and its addresses hold there; nothing before the first start."""
    try:
        text = file.read_text()
    except FileNotFoundError:
        return SafeString()
    if file.suffix == ".css":
        text = re.sub(r"""(url\(["']?)\.\./""", rf"\g<1>{settings.STATIC_URL}", text)
    return mark_safe(text.replace("</script", r"<\/script"))  # noqa: S308 - a file of our own
