"""The condition that an id is one of many."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, F, Func, Value


class OneOf(Func):
    """Test whether the id in a column is among the ids, which are sent as one parameter.

    `__in` makes a parameter of each, which takes longer than to find the rows, and a statement of its own for each
    number of ids. As with `__in`, no query is made for no ids.
    """

    output_field = BooleanField()
    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    arity = 2

    def __init__(self, column: str, ids: Iterable[UUID]) -> None:
        super().__init__(F(column), Value(list(ids)))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        self._enforce_any()
        return super().as_sql(compiler, connection, *args, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:
        self._enforce_any()
        column, ids = self.get_source_expressions()
        query, parameters = compiler.compile(column)
        texts = json.dumps([key.hex for key in ids.value])
        return f"{query} IN (SELECT value FROM json_each(%s))", (*parameters, texts)  # noqa: S608 - compiled

    def _enforce_any(self) -> None:
        """Raise EmptyResultSet for no ids, by which Django answers itself."""
        if not self.get_source_expressions()[1].value:
            raise EmptyResultSet
