"""Parse UUIDs of requests."""

from collections.abc import Iterable
from uuid import UUID


def uuid(text: str) -> UUID | None:
    """Return the UUID, or None for any other text."""
    try:
        return UUID(text)
    except ValueError:
        return None


def uuids(texts: Iterable[str]) -> list[UUID]:
    """Return the UUIDs among the texts."""
    return [key for text in texts if (key := uuid(text)) is not None]
