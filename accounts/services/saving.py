"""Saves rows whose name may be taken. The database decides, so that of two at once one is refused."""

import sqlite3
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Model
from psycopg.errors import UniqueViolation

from accounts.errors import Conflict, Text

_SQLITE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}


def save_unique(row: Model, taken: Text, *, fields: Mapping[str, Text] | None = None) -> None:
    """Save the row. Raise Conflict with the sentence `taken` if another has its key or a unique value of it."""
    try:
        with transaction.atomic():
            row.save(force_insert=row._state.adding)
    except IntegrityError as error:
        if not _is_taken(error):
            raise
        raise Conflict(taken, fields=fields) from error


def _is_taken(error: IntegrityError) -> bool:
    cause = error.__cause__
    return isinstance(cause, UniqueViolation) or getattr(cause, "sqlite_errorcode", None) in _SQLITE
