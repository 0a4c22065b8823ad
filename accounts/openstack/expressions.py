"""Regular expressions by which clients filter lists, matched in time linear in the text.

RE2 reads all of them. It matches them on SQLite too; PostgreSQL has an engine of its own, which is as quick for what RE2
accepts: it has no expressions that look back or around.
"""

from functools import lru_cache
from typing import Any

import re2
from django.db import DataError, connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_text

LONGEST = 255
MEMORY = 2**16
"""Most bytes of a compiled expression: repeated counts within each other multiply."""


def check(expression: object) -> str:
    """Return the expression, for `column__regex`. Raise BadInput if it cannot be read or is too large."""
    if not is_text(expression, LONGEST):
        raise BadInput(_("Use an expression of at most %(longest)s characters.") % {"longest": LONGEST})
    try:
        _compile(expression)
        if connection.vendor == "postgresql":
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT '' ~ %s", [expression])
    except (re2.error, DataError) as error:
        raise BadInput(
            _("The search expression %(expression)s cannot be read.") % {"expression": expression}
        ) from error
    return expression


def install(connection: Any, **_signal: Any) -> None:
    """Match by RE2 on a new connection to SQLite, where Django would by Python's engine."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("REGEXP", 2, _matches, deterministic=True)


def _matches(expression: str | None, text: object) -> bool | None:
    if expression is None or text is None:
        return None
    return bool(_compile(expression).search(str(text)))


@lru_cache(64)
def _compile(expression: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors = MEMORY, False
    return re2.compile(expression, options)
