"""What a method of a view takes and answers, as schemas by microversion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from accounts.openstack.microversions import Version
from accounts.openstack.schema import Schema

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Versioned:
    """A schema by the minor version, from `since` to `until`: (since, until, schema). No `until` means the newest."""

    ranges: tuple[tuple[int, int | None, Schema], ...]

    def at(self, version: Version) -> Schema | None:
        """Return the schema in this version, None where there is none."""
        for since, until, schema in self.ranges:
            if since <= version.minor and (until is None or version.minor <= until):
                return schema
        return None


def by_version(build: Callable[[int], Schema], *steps: int, first: int = 1) -> Versioned:
    """Return what `build` makes for the first minor version, and for each one that changed it."""
    starts = (first, *steps)
    ends = [*(minor - 1 for minor in steps), None]
    return Versioned(tuple((minor, until, build(minor)) for minor, until in zip(starts, ends, strict=True)))


Described = Schema | Versioned


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """`answers` holds the schema of the body by status; None stands for an answer without a body."""

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
    """Let a view's method take and answer what these schemas say; `ApiView` enforces what it takes."""

    def mark(method: Method) -> Method:
        method.contract = Contract(body=body, query=query, answers=answers)  # type: ignore[attr-defined]
        return method

    return mark


def at(described: Described | None, version: Version) -> Schema | None:
    """Return the schema in this version."""
    return described.at(version) if isinstance(described, Versioned) else described
