"""The quota of volumes, under Cinder's names: their number and the disk space of a project."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.aggregates import Aggregate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Project, Quota, User
from accounts.services import quotas
from compute.volumes.models import Volume, VolumeSnapshot

COUNT = "volumes"
SIZE = "gigabytes"
SNAPSHOTS = "snapshots"
PER_VOLUME = "per_volume_gigabytes"
CAPS = {PER_VOLUME: Quota.UNLIMITED, "groups": 10, "backups": 10, "backup_gigabytes": 1_000}
"""Further limits of Cinder's quota sets. There are no groups of volumes."""

_sizes: list[quotas.Counter] = []


def count_disk_space(counter: quotas.Counter) -> None:
    """Count the GiB of other rows too, such as the disks of instances. Call it once at start."""
    _sizes.append(counter)


def register() -> None:
    """Register the resources with accounts. Call it once at start."""
    quotas.register_caps(CAPS)
    volumes = ngettext_lazy("%(n)s volume", "%(n)s volumes", "n")
    snapshots = ngettext_lazy("%(n)s snapshot", "%(n)s snapshots", "n")
    for name, label, counted, unit, default, counter in (
        (SIZE, _("Disk"), _("%(n)s of disk"), "GiB", 1_000, _measure),
        (COUNT, _("Volumes"), volumes, "", 10, _count),
        (SNAPSHOTS, _("Volume snapshots"), snapshots, "", 10, _count_snapshots),
    ):
        quotas.register(
            quotas.Resource(
                name=name, label=label, counted=counted, unit=unit, default=default, counter=counter
            )
        )


def reserve(
    project: Project,
    user: User | None,
    *,
    count: int = 0,
    size_gib: int = 0,
    largest_gib: int = 0,
    more: Mapping[str, int] | None = None,
) -> None:
    """Reserve quota for `count` volumes with `size_gib` in all, and for `more`. Raise OverQuota.

    The largest volume then has `largest_gib`.
    """
    amounts = Counter({COUNT: count, SIZE: size_gib})
    amounts.update(more or {})
    quotas.reserve(project, amounts, user)
    if largest_gib:
        enforce_size(project, largest_gib)


def enforce_size(project: Project, largest_gib: int) -> None:
    """Raise OverQuota if one volume of the project may not be as large."""
