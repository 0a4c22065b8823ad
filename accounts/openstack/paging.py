"""Pages of lists, read by the database: a marker names the last row of the previous page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_text

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The page sizes of a service: `default`, `most` and `least`, where None means all rows.

    A limit of 0 means no row, or the most if `zero_is_most`. An `eager` service links a next page whenever a page is
    full, others only if more rows follow.
    """

    default: int | None = None
    most: int | None = None
    least: int = 0
    zero_is_most: bool = False
    eager: bool = True

    def limit(self, query: Mapping[str, str]) -> int | None:
        """Return the most rows of a page; None for all. Raise BadInput."""
        text = query.get("limit")
        if text is None or (text == "" and self.least == 0):
            return self.default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= self.least):
            sentence = _("Give a whole number from 1.") if self.least else _("Give a whole number from 0.")
            raise BadInput(fields={"limit": sentence})
        number = int(text)
        if number == 0 and self.zero_is_most:
            return self.most
        return number if self.most is None else min(number, self.most)

    def page(
        self,
        query: Mapping[str, str],
        rows: "QuerySet[ModelRow]",
        *,
        find: "Callable[[str], Q]" = lambda marker: Q(pk=marker),
    ) -> "Page[ModelRow]":
        """Return the rows that follow the marker in the query set's order. Raise BadInput.

        `find` returns the condition of a marker's row. At most two queries, prefetches aside.
        """
        limit = self.limit(query)
        columns = list(_columns(rows))
        if marker := query.get("marker"):
            rows = rows.filter(_after(columns, _values(rows, columns, marker, find)))
        rows = rows.order_by(*(column.order for column in columns))
        return self._cut(query, list(rows if limit is None else rows[: limit + 1]), limit)

    def page_of_several(
        self, query: Mapping[str, str], lists: Sequence[tuple["QuerySet[Any]", Callable[[str], Q]]]
    ) -> "Page[Any]":
        """Return the page of several query sets one after the other, each with its `find`. Raise BadInput."""
        limit, marker, rows = self.limit(query), query.get("marker"), list[Any]()
        for query_set, find in lists:
            columns = list(_columns(query_set))
            if marker:
                try:
                    query_set = query_set.filter(_after(columns, _values(query_set, columns, marker, find)))
                except BadInput:
                    continue  # the row of the marker stands in a later one
                marker = None
            query_set = query_set.order_by(*(column.order for column in columns))
            rows += query_set if limit is None else query_set[: limit + 1 - len(rows)]
        if marker:
            raise _unknown_marker()
        return self._cut(query, rows, limit)

    def page_of_list(
        self, query: Mapping[str, str], rows: Sequence[Row], key: Callable[[Row], object]
    ) -> "Page[Row]":
        """Return the page of a list that is no query set. Raise BadInput."""
        limit, start = self.limit(query), 0
        if marker := query.get("marker"):
            start = next((number for number, row in enumerate(rows, 1) if str(key(row)) == marker), 0)
            if not start:
                raise _unknown_marker()
        return self._cut(query, list(rows[start : None if limit is None else start + limit + 1]), limit)

    def _cut(self, query: Mapping[str, str], rows: list[Row], limit: int | None) -> "Page[Row]":
        if limit is None:
            return Page(rows=rows, more=False)
        has_limit = self.eager and query.get("limit", "") not in {"", "0"}
        more = limit > 0 and (len(rows) > limit or (has_limit and len(rows) == limit))
        return Page(rows=rows[:limit], more=more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """The rows of a page, and whether it links a next one."""

    rows: list[Row]
    more: bool


def next_page_query(query: QueryDict, marker: object) -> str:
    """Return the query string of the next page."""
    changed = query.copy()
    changed["marker"] = str(marker)
    return changed.urlencode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column that a list is sorted by. Nulls sort as the smallest values in every database."""

    name: str
    descending: bool
    nullable: bool

    @property
    def order(self) -> OrderBy:
        column = F(self.name)
        if not self.nullable:
            return column.desc() if self.descending else column.asc()
        return column.desc(nulls_last=True) if self.descending else column.asc(nulls_first=True)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any) -> Q:
        """Return the condition of rows after a value."""
        if value is None:
            return Q(pk__in=[]) if self.descending else Q(**{f"{self.name}__isnull": False})
        if not self.descending:
            return Q(**{f"{self.name}__gt": value})
        smaller = Q(**{f"{self.name}__lt": value})
        return smaller | Q(**{f"{self.name}__isnull": True}) if self.nullable else smaller


def _columns(rows: "QuerySet[Any]") -> Iterator[_Column]:
    """Yield the columns that sort the rows, related tables' orders included, and last a unique one."""
    model = rows.model
    names = rows.query.order_by or model._meta.ordering or ()
    last = False
    for name in names:
        last = str(name).startswith("-")
        yield from _unfolded(model, str(name).removeprefix("-"), "", last, nullable=False)
        if str(name).removeprefix("-") in {"pk", model._meta.pk.name}:
            return
    yield _Column(name="pk", descending=last, nullable=False)


def _unfolded(
    model: type[Model], name: str, prefix: str, descending: bool, *, nullable: bool
) -> Iterator[_Column]:
    """Yield the column, or those that sort the related table."""
    part, _separator, rest = name.partition("__")
    field: Any
    try:
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
    except FieldDoesNotExist:
        # An annotation.
        yield _Column(name=prefix + name, descending=descending, nullable=True)
        return
    nullable = nullable or field.null
    if rest:
        yield from _unfolded(field.related_model, rest, f"{prefix}{part}__", descending, nullable=nullable)
    elif field.is_relation and part == field.name:
        for inner in field.related_model._meta.ordering or ("pk",):
            inner_descending = descending != inner.startswith("-")
            yield from _unfolded(
                field.related_model,
                inner.removeprefix("-"),
                f"{prefix}{part}__",
                inner_descending,
                nullable=nullable,
            )
    else:
        yield _Column(name=prefix + name, descending=descending, nullable=nullable)


def _values(
    rows: "QuerySet[Any]", columns: list[_Column], marker: str, find: Callable[[str], Q]
) -> tuple[Any, ...]:
    """Return the values of the marker's row. Raise BadInput if the list has no such row."""
    try:
        row = rows.filter(find(marker)) if is_text(marker) else rows.none()
    except (ValidationError, ValueError) as error:
        raise _unknown_marker() from error
    values = row.order_by().values_list(*(column.name for column in columns)).first()
    if values is None:
        raise _unknown_marker()
    return tuple(values)


def _after(columns: list[_Column], values: tuple[Any, ...]) -> Q:
    """Return the condition of rows after the one with these values."""
    condition, same = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        condition |= same & column.beyond(value)
        same &= column.same(value)
    return condition


class UnknownMarker(BadInput):
    """No row of the list has the marker's id."""


def _unknown_marker() -> UnknownMarker:
    return UnknownMarker(fields={"marker": _("No row of this list has this id.")})
