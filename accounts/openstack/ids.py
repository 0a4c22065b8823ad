"""Ids of requests, as far as they are any."""

from collections.abc import Iterable
from uuid import UUID


def uuid(given: str) -> UUID | None:
    """Return the UUID, None for any other text."""
    try:
        return UUID(given)
    except ValueError:
        return None


def uuids(given: Iterable[str]) -> list[UUID]:
    """Return the UUIDs among the texts."""
    return [key for text in given if (key := uuid(text)) is not None]
