"""Save rows whose name another row may have. The database decides, so that of two at once one is refused."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Model

from accounts.errors import Conflict, Text
from accounts.integrity import is_unique_violation


def save_unique(row: Model, conflict: Text, *, fields: Mapping[str, Text] | None = None) -> None:
    """Save the row. Raise Conflict with the sentence `conflict` if another has its key or a unique value of it."""
    try:
        with transaction.atomic():
            row.save(force_insert=row._state.adding)
    except IntegrityError as error:
        if not is_unique_violation(error):
            raise
        raise Conflict(conflict, fields=fields) from error
