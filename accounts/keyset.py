"""Keyset paging: lists may grow at their head, and a page far down costs no more than the first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The sort key of a row in a list, newest first. Page addresses carry it as text."""

    at: datetime
    id: object

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Row]):
    """A part of a list, newest first. `older` is the key of its last row if more rows follow."""

    rows: list[Row]
    older: Key | None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def part(rows: QuerySet[Row], moment: str, *, before: Key | None, size: int) -> Part[Row]:
    """Return `size` rows after `before`, newest first by the field `moment`. One query, without a count."""
    rows = rows.order_by(f"-{moment}", "-pk")
    if before is not None:
        # The first condition is what an index can use.
        rows = rows.filter(**{f"{moment}__lte": before.at})
        rows = rows.exclude(**{moment: before.at, "pk__gte": before.id})
    fetched = list(rows[: size + 1])
    last = fetched[size - 1] if len(fetched) > size else None
    return Part(rows=fetched[:size], older=Key(at=getattr(last, moment), id=last.pk) if last else None)


def parse(text: str, model: type[Model]) -> Key | None:
    """Return the key that the text represents; None if it is no key of a row of `model`."""
    at, _between, row_id = text[:80].partition("_")
    if not row_id.isascii() or len(row_id) > 36:
        return None
    try:
        moment, key = datetime.fromisoformat(at), model._meta.pk.to_python(row_id)
    except (ValueError, ValidationError):
        return None
    return Key(at=moment, id=key) if moment.tzinfo else None
