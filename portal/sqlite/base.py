"""Django's SQLite engine, with times, ids and flags of columns made by the `sqlite3` module.

Django makes each of them by several calls a row, which is a third of the time of a long list.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, SafeUUID

from django.db.backends.sqlite3 import base, operations
from django.db.models.expressions import Col

_MADE = {"DateTimeField", "UUIDField", "BooleanField"}
"""The fields whose columns `sqlite3` converts by their type, here and in Django's engine."""

ID_LENGTH = 32

_set_number: Callable[[UUID, int], None] = UUID.__dict__["int"].__set__
_set_safety: Callable[[UUID, SafeUUID], None] = UUID.__dict__["is_safe"].__set__


def _time(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode() + "+00:00")


def _id(text: bytes) -> UUID | str:
    """Return what `UUID(hex=...)` does, which also reads braces and prefixes; an address is of this type too."""
    if len(text) != ID_LENGTH or b":" in text:
        return text.decode()
    made = UUID.__new__(UUID)
    _set_number(made, int(text, 16))
    _set_safety(made, SafeUUID.unknown)
    return made


sqlite3.register_converter("datetime", _time)
sqlite3.register_converter("char", _id)  # Django's type of ids and addresses; that of texts is `varchar`


class DatabaseOperations(operations.DatabaseOperations):
    def get_db_converters(self, expression: Any) -> list[Any]:
        """Return none for what came as a column; what functions make has no type and comes as text."""
        if isinstance(expression, Col) and expression.output_field.get_internal_type() in _MADE:
            return []
        return super().get_db_converters(expression)

    def convert_uuidfield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return (
            value
            if isinstance(value, UUID)
            else super().convert_uuidfield_value(value, expression, connection)
        )


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
