"""Violations of database constraints, told apart."""

import sqlite3

from django.db import IntegrityError
from psycopg.errors import UniqueViolation

_SQLITE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}


def is_unique_violation(error: IntegrityError) -> bool:
    """Return whether another row has the key or a unique value. Any other violation is a bug of ours."""
    cause = error.__cause__
    return isinstance(cause, UniqueViolation) or getattr(cause, "sqlite_errorcode", None) in _SQLITE
