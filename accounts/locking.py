"""Locks on rows that need not be read."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def lock_all(rows: QuerySet[Any]) -> None:
    """Lock rows selected for update until the end of the transaction. On SQLite it has locked everything."""
    if connection.features.has_select_for_update:
        list(rows.values_list("pk"))
