"""The sort order that a request names."""

from collections.abc import Iterable, Mapping

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.errors import BadInput


def order(query: QueryDict, sortable: Mapping[str, str], default: str, direction: str = "asc") -> list[str]:
    """Return the columns of `sort_key` and `sort_dir`, which may be repeated. Raise BadInput.

    `sortable` maps keys to columns. Keys without a direction have the last one.
    """
    keys = query.getlist("sort_key") or [default]
    directions = query.getlist("sort_dir") or [direction]
    return columns(zip(keys, directions + directions[-1:] * len(keys), strict=False), sortable)


def columns(keys: Iterable[tuple[str, str]], sortable: Mapping[str, str]) -> list[str]:
    """Return the columns of (key, direction), as `order_by` takes them. Raise BadInput."""
    names = []
    for key, direction in keys:
        if direction not in {"asc", "desc"}:
            raise BadInput(fields={"sort_dir": _("Say asc or desc.")})
        if key not in sortable:
            raise BadInput(fields={"sort_key": _("Lists cannot be sorted by this.")})
        names.append(f"-{sortable[key]}" if direction == "desc" else sortable[key])
    return names
