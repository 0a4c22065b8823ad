"""Tabler's outline icons as inline SVG, in the colour and size of the text around them."""

import re
from functools import lru_cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=256)
def svg(name: str, extra_class: str = "") -> SafeString:
    """Return the icon, hidden from screen readers, since a word always stands beside it.

    Raise ValueError for an unknown name. Names come from our own code and templates only.
    """
    file = settings.ICON_DIR / "outline" / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise ValueError(f"There is no Tabler icon named {name!r} in {settings.ICON_DIR}.")
    body = re.sub(
        r"<svg.*?>|</svg>|<path stroke=\"none\"[^>]*>|\s*\n\s*", " ", file.read_text(), flags=re.S
    ).strip()
    css = f"icon {extra_class}".strip()
    return mark_safe(  # noqa: S308 - a file of an installed package
        f'<svg class="{css}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        f' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{body}</svg>'
    )
