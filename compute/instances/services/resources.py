"""Resources of compute with quotas, under Nova's, Cinder's and Glance's names."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Project, Quota, User
from accounts.services import quotas
from compute.images.models import Image
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


def _counter(aggregate: Count | Sum, condition: Q) -> quotas.Counter:
    def count(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
        owned = Q(project__in=list(project_ids)) & (Q(user=user_id) if user_id else Q())
        rows = Instance.objects.filter(condition, owned).order_by().values("project").annotate(used=aggregate)
        return {row["project"]: row["used"] for row in rows}

    return count


def _count_images(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    rows = _images(project_ids, user_id).annotate(used=Count("pk"))
    return {row["project"]: row["used"] for row in rows}


def _measure_images(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    rows = _images(project_ids, user_id).annotate(used=Sum("size"))
    return {row["project"]: _mib(row["used"]) for row in rows}


def _images(project_ids: Iterable[str], user_id: str | None) -> Any:
    owned = Q(project__in=list(project_ids)) & (Q(user=user_id) if user_id else Q())
    rows = Image.objects.filter(owned).exclude(status=Image.Status.DELETED)
    return rows.order_by().values("project")


def _mib(size: int) -> int:
    """Return the bytes in MiB, rounded up."""
    return -(-size // 2**20)


def reserve_image(project: Project, user: User | None, *, count: int = 0, size: int = 0) -> None:
    """Reserve quota for `count` images, or for `size` bytes of them. Raise OverQuota.

    A new image, whose size is unknown, reserves one MiB at first. It reserves its size once that is measured.
    """
    amounts = {"image_count_total": count, "image_size_total": max(count, _mib(size))}
    quotas.reserve(project, amounts, user)


def amounts(flavor: Flavor | Instance, count: int = 1) -> dict[str, int]:
    """Return the amounts of resources that `count` instances of the flavor, or like an instance, take."""
    return {
        "instances": count,
        "cores": count * flavor.vcpus,
        "ram": count * flavor.ram_mib,
        "gigabytes": count * total_gib(flavor),
    }


SIZES = ("instances", "cores", "ram", "gigabytes")
"""Resources that an instance takes."""


def register() -> None:
    """Register the resources and limits with accounts. Call it once at start."""
    quotas.register_caps(CAPS)
    instances = ngettext_lazy("%(n)s instance", "%(n)s instances", "n")
    cores = ngettext_lazy("%(n)s vCPU", "%(n)s vCPUs", "n")
    for name, label, counted, unit, default, aggregate, condition in (
        ("instances", _("Instances"), instances, "", 10, Count("pk"), _IN_USE),
        ("cores", _("vCPUs"), cores, "", 20, Sum("vcpus"), _IN_USE),
        ("ram", _("Memory"), _("%(n)s of memory"), "MiB", 51_200, Sum("ram_mib"), _IN_USE),
        ("gigabytes", _("Disk"), _("%(n)s of disk"), "GiB", 1_000, Sum(TOTAL_GIB), _ON_DISK),
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
    for name, label, counted, unit, default, counter in (
        (
            "image_count_total",
            _("Images"),
            ngettext_lazy("%(n)s image", "%(n)s images", "n"),
            "",
            100,
            _count_images,
        ),
        ("image_size_total", _("Image storage"), _("%(n)s of images"), "MiB", 512_000, _measure_images),
    ):
        quotas.register(
            quotas.Resource(
                name=name, label=label, counted=counted, unit=unit, default=default, counter=counter
            )
        )
