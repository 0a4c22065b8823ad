"""Tabler's outline icons as inline SVG. Colour, size and stroke come from static/css/base.css and the text around."""

import re
from functools import lru_cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=256)
def svg(name: str, extra_class: str = "") -> SafeString:
    """Return the icon, hidden from screen readers, since a word always stands beside it. Raise ValueError."""
    css = f"icon {extra_class}".strip()
    return mark_safe(  # noqa: S308 - a file of an installed package
        f'<svg class="{css}" viewBox="0 0 24 24" aria-hidden="true">{_paths(name)}</svg>'
    )


def _paths(name: str) -> str:
    """Return the icon's own elements. Raise ValueError for an unknown name.

    Names come from our own code and templates only.
    """
    file = settings.ICON_DIR / "outline" / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise ValueError(f"There is no Tabler icon named {name!r} in {settings.ICON_DIR}.")
    text = re.sub(r"<svg.*?>|</svg>|<path stroke=\"none\"[^>]*>|\s*\n\s*", " ", file.read_text(), flags=re.S)
    # Paths that each begin at a place of their own are one path: a page has fifty icons.
    return re.sub(r'"\s*/>\s*<path d="(?=M)', "", text).strip().replace(" />", "/>")
