"""What occupies hosts. Areas above tell what of theirs does; hosts know none of it by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from compute.hosts.models import Hypervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What is taken of a host: vCPUs, MiB and GiB; of its occupants `running` run and `busy` change."""

    vcpus: int = 0
    ram_mib: int = 0
    disk_gib: int = 0
    running: int = 0
    busy: int = 0


NOTHING = Amounts()


class Occupants(Protocol):
    """Rows of one area that occupy hosts."""

    def amounts(self, without: UUID | None = None) -> Mapping[UUID, Amounts]:
        """Return what is taken of each host, in one query; as if the row `without` were not there."""

    def on(self, hosts: Iterable[Hypervisor]) -> Mapping[UUID, list[tuple[UUID, str, str]]]:
        """Return host id → id, name and project of what is on it, by name, in one query."""

    def bound_to_zone(self, host: Hypervisor, zone: str) -> list[str]:
        """Return the names of what is on the host because it asked for another zone than `zone`."""


_occupants: list[Occupants] = []


def register(occupants: Occupants) -> None:
    """Have them counted and named; called once at start."""
    _occupants.append(occupants)


def registered() -> Occupants:
    """Return what occupies hosts. There is one kind of occupant: instances."""
    (occupants,) = _occupants
    return occupants
