"""Contracts of views' methods: the schemas of requests and answers, by microversion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from accounts.openstack.microversions import Version
from accounts.openstack.schema import Schema

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Versioned:
    """A schema by the minor version: (since, until, schema). No `until` means the newest."""

    ranges: tuple[tuple[int, int | None, Schema], ...]

    def at(self, version: Version) -> Schema | None:
        """Return the schema in this version, or None."""
        for since, until, schema in self.ranges:
            if since <= version.minor and (until is None or version.minor <= until):
                return schema
        return None


def by_version(build: Callable[[int], Schema], *steps: int, first: int = 1) -> Versioned:
    """Return the schemas that `build` returns for the first minor version and each one that changed it."""
    starts = (first, *steps)
    ends = [*(minor - 1 for minor in steps), None]
    return Versioned(tuple((minor, until, build(minor)) for minor, until in zip(starts, ends, strict=True)))


Described = Schema | Versioned


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The schemas of a method. `answers` has that of the body by status, None for an answer without a body."""

    body: Described | None = None
    query: Described | None = None
    answers: Mapping[int, Described | None] = field(default_factory=dict)


EMPTY = Contract()


def contract(
    *,
    body: Described | None = None,
    query: Described | None = None,
    answers: Mapping[int, Described | None],
) -> Callable[[Method], Method]:
    """Return a decorator that gives a view's method a contract. `ApiView` enforces it on requests."""

    def mark(method: Method) -> Method:
        method.contract = Contract(body=body, query=query, answers=answers)  # type: ignore[attr-defined]
        return method

    return mark


def at(described: Described | None, version: Version) -> Schema | None:
    """Return the schema in this version, or None."""
    return described.at(version) if isinstance(described, Versioned) else described
