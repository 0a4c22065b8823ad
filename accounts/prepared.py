"""Queries that are built once and run often: building one takes the ORM longer than the database needs to answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _Written:
    """A query as its database reads it, and the compiler that knows what the columns mean."""

    sql: str
    parameters: list[Any]
    compiler: SQLCompiler
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]


class Prepared(Generic[M]):
    """`build` is called once for each kind of database, with a stand-in for each value to come, which are text."""

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        self._build = build
        self._written: dict[str, _Written] = {}

    def rows(self, **values: str) -> list[tuple[Any, ...]]:
        """What the query finds with these values, in the order of its columns. One query."""
        written = self._written.get(connection.vendor) or self._write(values)
        parameters = [values.get(_name(given), given) for given in written.parameters]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, parameters)
            return [_converted(row, written) for row in cursor.fetchall()]

    def objects(self, **values: str) -> Iterator[M]:
        """The rows as the query's model, with its `select_related` and its annotations. One query."""
        rows = self.rows(**values)
        compiler = self._written[connection.vendor].compiler
        klass_info = cast("dict[str, Any]", compiler.klass_info)
        select = cast("list[Any]", compiler.select)
        begin, end = klass_info["select_fields"][0], klass_info["select_fields"][-1] + 1
        names = [column[0].target.attname for column in select[begin:end]]
        for row in rows:
            found = klass_info["model"].from_db(DEFAULT_DB_ALIAS, names, row[begin:end])
            for related in get_related_populators(klass_info, select, DEFAULT_DB_ALIAS):  # type: ignore[call-arg]
                related.populate(row, found)
            for name, position in (compiler.annotation_col_map or {}).items():
                setattr(found, name, row[position])
            yield found

    def _write(self, values: dict[str, str]) -> _Written:
        query = self._build(**{name: _stand_in(name) for name in values}).query
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        columns = [column[0] for column in compiler.select or ()]
        written = _Written(sql, list(parameters), compiler, compiler.get_converters(columns))
        self._written[connection.vendor] = written
        return written


def _converted(row: tuple[Any, ...], written: _Written) -> tuple[Any, ...]:
    """The row in Python's types, where the database has others."""
    values = list(row)
    for position, (converters, column) in written.converters.items():
        for convert in converters:
            values[position] = convert(values[position], column, connection)
    return tuple(values)


def _stand_in(name: str) -> str:
    return f"<{name}>"


def _name(parameter: object) -> str:
    """The value that a parameter stands for; empty for a constant."""
    return parameter[1:-1] if isinstance(parameter, str) and parameter.startswith("<") else ""
