"""Resources of instances with quotas, under Nova's and Cinder's names."""

from collections.abc import Iterable, Mapping

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Quota
from accounts.services import quotas
from compute.instances.models import Flavor, Instance
from compute.instances.services import server_groups
from compute.instances.services.disk_sizes import TOTAL_GIB, total_gib
from compute.instances.states import VmState
from compute.volumes.services import volume_quota

CAPS = server_groups.CAPS | {
    "key_pairs": 100,
    "metadata_items": 128,
    "injected_files": 0,
    "injected_file_content_bytes": 0,
    "injected_file_path_bytes": 0,
    "fixed_ips": Quota.UNLIMITED,
    "floating_ips": Quota.UNLIMITED,
    "security_groups": Quota.UNLIMITED,
    "security_group_rules": Quota.UNLIMITED,
}
"""Further limits of Nova's quota sets. Files cannot be injected. Addresses and security groups are not limited here,
as in Nova, which has these limits without enforcing them.
"""

_IN_USE = ~Q(vm_state__in=[VmState.SOFT_DELETED, VmState.DELETED])
_ON_DISK = ~Q(vm_state=VmState.DELETED)
"""Disks in the recycle bin still fill the pool, so they count, while vCPUs and memory do not."""


def _counter(aggregate: Count | Sum, condition: Q) -> quotas.Counter:
    def count(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
        owned = Q(project__in=list(project_ids)) & (Q(user=user_id) if user_id else Q())
        rows = Instance.objects.filter(condition, owned).order_by().values("project").annotate(used=aggregate)
        return {row["project"]: row["used"] for row in rows}

    return count


def amounts(flavor: Flavor | Instance, count: int = 1, *, root_disk: bool = True) -> dict[str, int]:
    """Return the amounts of resources that `count` instances of the flavor, or like an instance, take.

    Without `root_disk` they boot from volumes, which count by themselves.
    """
    return {
        "instances": count,
        "cores": count * flavor.vcpus,
        "ram": count * flavor.ram_mib,
        "gigabytes": count * (total_gib(flavor) - (0 if root_disk else flavor.disk_gib)),
    }


SIZES = ("instances", "cores", "ram", "gigabytes")
"""Resources that an instance takes."""


def register() -> None:
    """Register the resources and limits with accounts. Call it once at start."""
    quotas.register_caps(CAPS)
    volume_quota.count_disk_space(_counter(Sum(TOTAL_GIB), _ON_DISK))
    instances = ngettext_lazy("%(n)s instance", "%(n)s instances", "n")
    cores = ngettext_lazy("%(n)s vCPU", "%(n)s vCPUs", "n")
    for name, label, counted, unit, default, aggregate, condition in (
        ("instances", _("Instances"), instances, "", 10, Count("pk"), _IN_USE),
        ("cores", _("vCPUs"), cores, "", 20, Sum("vcpus"), _IN_USE),
        ("ram", _("Memory"), _("%(n)s of memory"), "MiB", 51_200, Sum("ram_mib"), _IN_USE),
    ):
        quotas.register(
            quotas.Resource(
                name=name,
                label=label,
                counted=counted,
                unit=unit,
                default=default,
                counter=_counter(aggregate, condition),
            )
        )
