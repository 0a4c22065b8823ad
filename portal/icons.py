"""Tabler's outline icons as inline SVG. Colour, size and stroke come from static/css/base.css and the text around."""

import re
from functools import lru_cache

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=256)
def svg(name: str, extra_class: str = "") -> SafeString:
    """Return the icon, hidden from screen readers, since a word always stands beside it. Raise ValueError."""
    css = f"icon {extra_class}".strip()
    return mark_safe(  # noqa: S308 - a file of an installed package
        f'<svg class="{css}" viewBox="0 0 24 24" aria-hidden="true">{_paths(name)}</svg>'
    )


@lru_cache(maxsize=16)
def symbols(*names: str) -> SafeString:
    """Return the drawings of icons that `reference` shows again and again, as in the rows of a list. Raise ValueError."""
    drawn = "".join(f'<symbol id="icon-{name}" viewBox="0 0 24 24">{_paths(name)}</symbol>' for name in names)
    return mark_safe(f'<svg class="d-none" aria-hidden="true">{drawn}</svg>')  # noqa: S308 - as above


def reference(name: str) -> SafeString:
    """Return the icon that `symbols` has drawn on the same page, in a few bytes. A button or link must be around it."""
    return format_html('<svg class="icon"><use href="#icon-{}"/></svg>', name)


def _paths(name: str) -> str:
    """Return the icon's own elements. Raise ValueError for an unknown name.

    Names come from our own code and templates only.
    """
    file = settings.ICON_DIR / "outline" / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise ValueError(f"There is no Tabler icon named {name!r} in {settings.ICON_DIR}.")
    return re.sub(
        r"<svg.*?>|</svg>|<path stroke=\"none\"[^>]*>|\s*\n\s*", " ", file.read_text(), flags=re.S
    ).strip()
