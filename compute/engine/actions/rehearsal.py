"""What a verb would do to each of many rows, found out by doing it and taking it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.context import Context
from accounts.errors import MeridianError
from compute.engine.actions.begin import begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`after` is the row as the verb leaves it; None where `reason` says why it is refused."""

    before: Any
    after: Any
    reason: str


def begin_each(context: Context, name: str, rows: Iterable[Any], parameters: dict[str, Any]) -> list[Outcome]:
    """Begin the action on each row; what one refuses keeps no other from it."""
    return [_begin(context, name, row, parameters) for row in rows]


def rehearse(context: Context, name: str, rows: Iterable[Any], parameters: dict[str, Any]) -> list[Outcome]:
    """Return what `begin_each` would come to now.

    One row after another, so that a quota that lasts for three refuses the fourth. Beginning writes rows only, and
    what workers and pages are told waits for the commit: rolled back, nothing was.
    """
    with transaction.atomic():
        outcomes = begin_each(context, name, rows, parameters)
        transaction.set_rollback(True)
    return outcomes


def _begin(context: Context, name: str, row: Any, parameters: dict[str, Any]) -> Outcome:
    try:
        begin(context, name, row.pk, parameters=parameters)
    except MeridianError as error:
        reason = " ".join(map(str, error.fields.values())) or str(error)
        return Outcome(before=row, after=None, reason=reason)
    return Outcome(before=row, after=type(row)._default_manager.get(pk=row.pk), reason="")
