"""What compute counts against quotas: instances, vCPUs, memory and disk, under Nova's and Cinder's names."""

from collections.abc import Iterable, Mapping

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.services import quotas
from compute.models import Flavor, Instance
from compute.states import VmState

_IN_USE = ~Q(vm_state__in=[VmState.SOFT_DELETED, VmState.DELETED])
_ON_DISK = ~Q(vm_state=VmState.DELETED)
"""Disks in the recycle bin still fill the pool, so they still count; processors and memory are free."""


def _counter(aggregate: Count | Sum, which: Q) -> quotas.Counter:
    def count(project_ids: Iterable[str]) -> Mapping[str, int]:
        rows = (
            Instance.objects.filter(which, project__in=list(project_ids))
            .order_by()
            .values("project")
            .annotate(used=aggregate)
        )
        return {row["project"]: row["used"] for row in rows}

    return count


def of(flavor: Flavor, count: int = 1) -> dict[str, int]:
    """What `count` instances of the flavor take of each resource."""
    return {
        "instances": count,
        "cores": count * flavor.vcpus,
        "ram": count * flavor.ram_mib,
        "gigabytes": count * flavor.disk_gib,
    }


def register() -> None:
    """Tell accounts what to count; called once at start."""
    instances = ngettext_lazy("%(n)s instance", "%(n)s instances", "n")
    cores = ngettext_lazy("%(n)s vCPU", "%(n)s vCPUs", "n")
    for name, label, counted, unit, default, aggregate, which in (
        ("instances", _("Instances"), instances, "", 10, Count("pk"), _IN_USE),
        ("cores", _("vCPUs"), cores, "", 20, Sum("vcpus"), _IN_USE),
        ("ram", _("Memory"), _("%(n)s of memory"), "MiB", 51_200, Sum("ram_mib"), _IN_USE),
        ("gigabytes", _("Disk"), _("%(n)s of disk"), "GiB", 1_000, Sum("disk_gib"), _ON_DISK),
    ):
        quotas.register(
            quotas.Resource(
                name=name,
                label=label,
                counted=counted,
                unit=unit,
                default=default,
                counter=_counter(aggregate, which),
            )
        )
