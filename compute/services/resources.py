"""What compute counts against quotas: instances, vCPUs, memory and disk, under Nova's and Cinder's names."""

from collections.abc import Iterable, Mapping

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Quota
from accounts.services import quotas
from compute.models import Flavor, Instance
from compute.services import server_groups
from compute.services.labels import MOST_METADATA
from compute.states import VmState

CAPS = server_groups.CAPS | {
    "key_pairs": 100,
    "metadata_items": MOST_METADATA,
    "injected_files": 0,
    "injected_file_content_bytes": 0,
    "injected_file_path_bytes": 0,
    "fixed_ips": Quota.UNLIMITED,
    "floating_ips": Quota.UNLIMITED,
    "security_groups": Quota.UNLIMITED,
    "security_group_rules": Quota.UNLIMITED,
}
"""Names of Nova's quota sets besides. Files cannot be injected; addresses and security groups are Network's to limit,
and Nova too keeps its numbers of them without heeding them.
"""

_IN_USE = ~Q(vm_state__in=[VmState.SOFT_DELETED, VmState.DELETED])
_ON_DISK = ~Q(vm_state=VmState.DELETED)
"""Disks in the recycle bin still fill the pool, so they still count; processors and memory are free."""


def _counter(aggregate: Count | Sum, which: Q) -> quotas.Counter:
    def count(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
        whose = Q(project__in=list(project_ids)) & (Q(user=user_id) if user_id else Q())
        rows = Instance.objects.filter(which, whose).order_by().values("project").annotate(used=aggregate)
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
    quotas.register_caps(CAPS)
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
