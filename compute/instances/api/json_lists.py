"""Conditions on JSON lists, for SQLite and PostgreSQL."""

from typing import Any

from django.db.models import BooleanField, Func


class JsonListContains(Func):
    """Test whether a JSON list of texts, the first argument, contains the second."""

    function = "jsonb_exists"
    arity = 2
    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        items, text = (compiler.compile(part) for part in self.get_source_expressions())
        query = f"{text[0]} IN (SELECT value FROM json_each({items[0]}))"  # noqa: S608 - compiled, values apart
        return query, (*text[1], *items[1])
