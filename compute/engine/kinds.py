"""Kinds: the nouns that have verbs. Areas register theirs; the engine knows none by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from accounts.context import Context
from compute.engine.models import Subject


def _nothing(_row: Any, _state: str) -> Mapping[str, Any]:
    return {}


def _anywhere(_row: Any) -> UUID | None:
    return None


def _unlocked(_context: Context, _row: Any) -> str | Promise:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A noun. `existing` are the states in which verbs that change no state may begin, `gone` those of rows that no
    verb reaches. `rank` is its place in the one order of locks: project, instance, volume, snapshot, image, network,
    port, server group, host, operation; rows of one rank are locked by id. Projects, networks, server groups and
    hosts are locked without their keys (`no_key`): a row that names them by a foreign key waits for nobody who only
    counts or chooses.

    `lists` are the topics of pages that list rows, `counts` of those that count them; `noun:id` is a row's own.
    `error_state` is where a stuck undo leaves a row; `status` says a row's state in words. `settled` returns further
    columns that follow from a new state. `lock` says why the row is locked against the asker; actions that
    `opens_locks` ignore it.
    """

    noun: str
    rank: int
    model: type[Subject]
    existing: frozenset[str]
    gone: frozenset[str]
    error_state: str
    status: Callable[[Any], str]
    lists: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    settled: Callable[[Any, str], Mapping[str, Any]] = _nothing
    lock: Callable[[Context, Any], str | Promise] = _unlocked
    host: Callable[[Any], UUID | None] = _anywhere
    """On which host the row's files are; None: on none yet."""
    related: tuple[str, ...] = ("project",)
    """Relations that steps read with the row."""


_by_noun: dict[str, Kind] = {}
_by_model: dict[type[Subject], Kind] = {}


def register(kind: Kind) -> Kind:
    """Make the noun known. Raise ValueError if it is known already."""
    if kind.noun in _by_noun:
        raise ValueError(f"The kind {kind.noun} is registered twice.")
    _by_noun[kind.noun] = _by_model[kind.model] = kind
    return kind


def registered() -> Mapping[str, Kind]:
    """Return noun → kind."""
    return _by_noun


def kind_of(row: Subject) -> Kind:
    """Return the kind of a row."""
    return _by_model[type(row)]


def state_of(row: Subject) -> str:
    """Return the state of a row, whatever its column is called."""
    return str(getattr(row, row.STATE))
