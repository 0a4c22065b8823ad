"""Dry runs: the outcomes of an action on many rows, by beginning it and rolling back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.context import Context
from accounts.errors import MeridianError
from compute.engine.actions.begin import begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of an action on one row. `after` is None where `reason` tells why it was refused."""

    before: Any
    after: Any
    reason: str


def begin_each(context: Context, name: str, rows: Iterable[Any], parameters: dict[str, Any]) -> list[Outcome]:
    """Begin the action on each row, also where other rows refuse it."""
    return [_begin(context, name, row, parameters) for row in rows]


def rehearse(context: Context, name: str, rows: Iterable[Any], parameters: dict[str, Any]) -> list[Outcome]:
    """Return the outcomes that `begin_each` would have now.

    The rows are tried one after another, so that a quota for three refuses the fourth. Messages to workers and pages
    wait for the commit, so a rollback leaves no trace.
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
