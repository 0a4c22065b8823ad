"""Rows whose disks stand on an image. Areas above register theirs."""

from collections.abc import Callable, Iterable
from uuid import UUID

from compute.engine.models import Hold
from compute.images.models import Image

Users = Callable[[UUID], Iterable[str]]
_users: list[Users] = []


def register(users: Users) -> None:
    """Register a function that returns the names of rows with disks on the image of an id."""
    _users.append(users)


def names(image: Image) -> list[str]:
    """Return the names of all rows that use the image or soon will, sorted."""
    # A delivery shares the image too, but makes no disk: a deletion waits for its end.
    holds = (
        Hold.objects.open().filter(resource_id=image.pk, shared=True).exclude(operation__subject_id=image.pk)
    )
    soon = holds.values_list("operation__subject_name", flat=True)
    return sorted({*soon, *(name for users in _users for name in users(image.pk))})
