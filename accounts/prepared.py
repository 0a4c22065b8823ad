"""Queries that are built once and run often: building one takes the ORM longer than the database needs to answer."""

from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet


class Prepared:
    """A query of columns that are text. `build` is called once, with a stand-in for each value to come."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._written: dict[str, tuple[str, list[Any]]] = {}

    def rows(self, **values: str) -> list[tuple[Any, ...]]:
        """What the query finds with these values, in the order of its columns. One query."""
        if connection.vendor not in self._written:
            self._written[connection.vendor] = self._write(values)
        sql, parameters = self._written[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(sql, [values.get(_name(given), given) for given in parameters])
            return cursor.fetchall()

    def _write(self, values: dict[str, str]) -> tuple[str, list[Any]]:
        query = self._build(**{name: _stand_in(name) for name in values}).query
        sql, parameters = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, list(parameters)


def _stand_in(name: str) -> str:
    return f"<{name}>"


def _name(parameter: object) -> str:
    """The value that a parameter stands for; empty for a constant."""
    return parameter[1:-1] if isinstance(parameter, str) and parameter.startswith("<") else ""
