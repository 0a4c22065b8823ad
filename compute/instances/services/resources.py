"""Resources of instances with quotas, under Nova's and Cinder's names."""

from collections.abc import Iterable

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Quota
from accounts.services import quotas
from compute.instances.models import Flavor, Instance
from compute.instances.services import server_groups
from compute.instances.services.disk_sizes import TOTAL_GIB, total_gib
from compute.instances.states import VmState

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
    instances = ngettext_lazy("%(n)s instance", "%(n)s instances", "n")
    cores = ngettext_lazy("%(n)s vCPU", "%(n)s vCPUs", "n")
    memory = _("%(n)s of memory")
    quotas.register(
        quotas.Resource(name="instances", label=_("Instances"), counted=instances, unit="", default=10),
        quotas.Resource(name="cores", label=_("vCPUs"), counted=cores, unit="", default=20),
        quotas.Resource(name="ram", label=_("Memory"), counted=memory, unit="MiB", default=51_200),
    )
    quotas.register_counter(_count, *SIZES)


def _count(project_ids: Iterable[str], user_id: str | None = None) -> quotas.Usages:
    return quotas.aggregated(
        Instance.objects.filter(_ON_DISK),
        project_ids,
        user_id,
        instances=Count("pk", filter=_IN_USE),
        cores=Sum("vcpus", filter=_IN_USE),
        ram=Sum("ram_mib", filter=_IN_USE),
        gigabytes=Sum(TOTAL_GIB),
    )
