"""Instances as occupants of hosts: the amounts that they take, and the zones that they requested."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Count, F, IntegerField, Q, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Greatest

from compute.hosts.models import Hypervisor
from compute.hosts.services import occupants
from compute.hosts.services.occupants import Amounts
from compute.instances import states
from compute.instances.models import Instance
from compute.instances.models.instance import InstanceQuerySet
from compute.instances.services.disk_sizes import total_gib_by
from compute.instances.states import TaskState, VmState

_COUNTS_FULLY = ~Q(vm_state__in=[VmState.SHELVED, VmState.SOFT_DELETED]) | Q(task_state=TaskState.UNSHELVING)
"""Instances that are shelved or in the recycle bin take disk only, unless they are being unshelved."""


def _size(name: str) -> Combinable:
    """Return the amount that counts: until a resize is confirmed, the larger one, since it may be reverted."""
    earlier = Coalesce(Cast(KT(f"resized_from__{name}"), IntegerField()), Value(0))
    return Greatest(F(name), earlier)


_NUMBERS = ("vcpus", "ram_mib", "disk_gib", "running", "busy")


class InstanceOccupants:
    """`compute.hosts.services.occupants.Occupants` for instances."""

    def amounts(self, without: UUID | None = None) -> Mapping[UUID, Amounts]:
        return _amounts_by("hypervisor", _placed().exclude(pk__in=[without] if without else []))

    def amounts_by_project(self, host: Hypervisor) -> Mapping[str, Amounts]:
        return _amounts_by("project", _placed().filter(hypervisor=host))

    def on(self, hosts: Iterable[Hypervisor]) -> Mapping[UUID, list[tuple[UUID, str, str]]]:
        by_host: dict[UUID, list[tuple[UUID, str, str]]] = {}
        rows = _placed().filter(hypervisor__in=list(hosts)).order_by("name", "pk")
        for host, key, name, project in rows.values_list("hypervisor", "pk", "name", "project"):
            by_host.setdefault(host, []).append((key, name, project))
        return by_host

    def bound_to_zone(self, host: Hypervisor, zone: str) -> list[str]:
        rows = _placed().filter(hypervisor=host).exclude(requested_zone__in=["", zone])
        return list(rows.values_list("name", flat=True))


def register() -> None:
    """Register instances with hosts. Call it once at start."""
    occupants.register(InstanceOccupants())


def _amounts_by(column: str, instances: InstanceQuerySet) -> dict[Any, Amounts]:
    """Return {value of the column: the amounts that its instances take}."""
    rows: Any = (
        instances.order_by()
        .values(column)
        .annotate(
            vcpus=Sum(_size("vcpus"), filter=_COUNTS_FULLY, default=0),
            ram_mib=Sum(_size("ram_mib"), filter=_COUNTS_FULLY, default=0),
            disk_gib=Sum(total_gib_by(_size)),
            running=Count("pk", filter=Q(vm_state__in=states.RUNNING)),
            busy=Count("pk", filter=Q(task_state__isnull=False)),
        )
    )
    return {row[column]: Amounts(**{name: row[name] for name in _NUMBERS}) for row in rows}


def _placed() -> InstanceQuerySet:
    return Instance.objects.existing().exclude(hypervisor=None)
