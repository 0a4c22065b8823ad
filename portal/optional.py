"""Pages that an installation may be without."""

from django.urls import NoReverseMatch, reverse


def address(name: str, *arguments: str) -> str:
    """The page's address; empty where there is no such page, so that no button leads to it."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
