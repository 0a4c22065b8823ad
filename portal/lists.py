"""Parts of lists. Search, filters and order are in the address, and links change a part of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise

from accounts.keyset import Part
from portal.requests import Request

Text = str | Promise
LONGEST_SEARCH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading; `url` sorts by it, `order` is ascending, descending or empty."""

    label: Text
    url: str
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """The query of a list's address."""

    search: str
    sort: str
    state: str
    domain: str
    number: int

    @property
    def narrowed(self) -> bool:
        return bool(self.search or self.state or self.domain)


def parse_query(request: Request) -> ListQuery:
    """Read the address. Ignore what is invalid."""
    query = request.GET
    return ListQuery(
        search=query.get("search", "")[:LONGEST_SEARCH],
        sort=query.get("sort", ""),
        state=query.get("state", ""),
        domain=query.get("domain", ""),
        number=page_number(request),
    )


def page_number(request: Request) -> int:
    """Return the page number in the address, 1 if it is invalid."""
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def by_key(request: Request, part: Part[Any]) -> dict[str, object]:
    """Return what `parts/older.html` needs of a part of a list that pages by key."""
    return {"is_first": "before" not in request.GET, "older": part.older}


def columns(query: QueryDict, headings: Iterable[tuple[str, Text]], *, default: str = "") -> list[Column]:
    """Return the columns of (sort, label). A heading without a sort is no link; `default` is the usual sort."""
    sort = query.get("sort", "") or default
    return [
        Column(
            label=label,
            url=url(query, sort=f"-{name}" if sort == name else name) if name else "",
            order={name: "ascending", f"-{name}": "descending"}.get(sort, "") if name else "",
        )
        for name, label in headings
    ]


def filters(query: QueryDict, name: str, choices: Mapping[str, Text]) -> list[tuple[str, Text, str]]:
    """Return (value, label, address) of each choice of one filter."""
    return [(value, label, url(query, **{name: value})) for value, label in choices.items()]


def hidden_fields(query: QueryDict) -> list[tuple[str, str]]:
    """Return the hidden fields of a search form: the parameters that a new search keeps."""
    return [(name, value) for name in ("state", "domain", "sort") if (value := query.get(name))]


def url(query: QueryDict, **changes: str) -> str:
    """Return the present query with `changes`, at the first page again."""
    changed = query.copy()
    changed.pop("page", None)
    for name, value in changes.items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    return f"?{changed.urlencode()}"
