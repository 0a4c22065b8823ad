"""Rows that occupy hosts. Areas above register theirs, since hosts know none by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from compute.hosts.models import Hypervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Amounts taken of a host, in vCPUs, MiB and GiB; and how many occupants are `running` and `busy`."""

    vcpus: int = 0
    ram_mib: int = 0
    disk_gib: int = 0
    running: int = 0
    busy: int = 0


NOTHING = Amounts()


class Occupants(Protocol):
    """Rows of one area that occupy hosts."""

    def amounts(self, without: UUID | None = None) -> Mapping[UUID, Amounts]:
        """Return the amounts taken of each host, in one query. The row `without` does not count."""

    def amounts_by_project(self, host: Hypervisor) -> Mapping[str, Amounts]:
        """Return {project id: the amounts that its occupants take of the host}, in one query."""

    def on(self, hosts: Iterable[Hypervisor]) -> Mapping[UUID, list[tuple[UUID, str, str]]]:
        """Return {host id: id, name and project of each occupant} by name, in one query."""

    def bound_to_zone(self, host: Hypervisor, zone: str) -> list[str]:
        """Return the names of the occupants that asked for another zone than `zone`."""


_occupants: list[Occupants] = []


def register(occupants: Occupants) -> None:
    """Register rows that occupy hosts. Call it once at start."""
    _occupants.append(occupants)


def registered() -> Occupants:
    """Return the registered occupants. There is one kind: instances."""
    (occupants,) = _occupants
    return occupants
