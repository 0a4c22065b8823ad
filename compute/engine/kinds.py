"""Kinds: the nouns that have verbs. Areas register theirs, since the engine names none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from accounts.context import Context
from compute.engine.models import Subject


def _no_columns(_row: Any, _state: str) -> Mapping[str, Any]:
    return {}


def _replaces_fault(_row: Any) -> bool:
    return False


def _no_host(_row: Any) -> UUID | None:
    return None


def _unlocked(_context: Context, _row: Any) -> str | Promise:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A noun that has verbs.

    `existing_states` are those in which verbs without a move may begin, `deleted_states` those of rows that no verb reaches.
    `error_state` is the state of a row whose undo is stuck. `status` returns the label of a row's status.

    `rank` is the place of the kind in the order of locks: project, instance, volume, snapshot, backup and instance's
    snapshot, image, network, port, server group, host, pool, operation. Rows of one rank are locked by id. Projects,
    networks, server groups and hosts are locked with `no_key`. A row with a foreign key to them then need not wait.

    `lists` are the topics of pages that list rows, `counts` of those that count them; `noun:id` is a row's own.
    `state_columns` returns further columns that follow from a new state. `lock` returns why the row is locked against
    the asker; actions that `opens_locks` ignore it.
    """

    noun: str
    rank: int
    model: type[Subject]
    existing_states: frozenset[str]
    deleted_states: frozenset[str]
    error_state: str
    status: Callable[[Any], str]
    lists: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    state_columns: Callable[[Any, str], Mapping[str, Any]] = _no_columns
    lock: Callable[[Context, Any], str | Promise] = _unlocked
    unshown: frozenset[str] = frozenset()
    """Columns that no API shows, whose changes leave the time of the row's last change."""
    keeps_fault: Callable[[Any], bool] = _replaces_fault
    """Returns whether the row's fault stays when a later operation fails too."""
    host: Callable[[Any], UUID | None] = _no_host
    """Returns the id of the host with the row's files; None if there is none yet."""
    related: tuple[str, ...] = ("project",)
    """Relations that are read with the row for steps."""


_by_noun: dict[str, Kind] = {}
_by_model: dict[type[Subject], Kind] = {}


def register(kind: Kind) -> Kind:
    """Register the kind and return it. Raise ValueError if its noun is registered already."""
    if kind.noun in _by_noun:
        raise ValueError(f"The kind {kind.noun} is registered twice.")
    _by_noun[kind.noun] = _by_model[kind.model] = kind
    return kind


def registered() -> Mapping[str, Kind]:
    """Return {noun: kind}."""
    return _by_noun


def kind_of(row: Subject) -> Kind:
    return _by_model[type(row)]


def state_of(row: Subject) -> str:
    """Return the state of a row, from the column that its model names."""
    return str(getattr(row, row.STATE))
