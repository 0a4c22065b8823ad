"""The quota of volumes, snapshots and backups, under Cinder's names: numbers and sizes of a project."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.aggregates import Aggregate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Project, Quota, User
from accounts.services import quotas
from compute.volumes.models import Backup, Volume, VolumeSnapshot

COUNT = "volumes"
SIZE = "gigabytes"
SNAPSHOTS = "snapshots"
PER_VOLUME = "per_volume_gigabytes"
BACKUPS, BACKUP_SIZE = "backups", "backup_gigabytes"
CAPS = {PER_VOLUME: Quota.UNLIMITED, "groups": 10}
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
    backups = ngettext_lazy("%(n)s backup", "%(n)s backups", "n")
    for name, label, counted, unit, default, counter in (
        (SIZE, _("Disk"), _("%(n)s of disk"), "GiB", 1_000, _measure),
        (COUNT, _("Volumes"), volumes, "", 10, _count),
        (SNAPSHOTS, _("Volume snapshots"), snapshots, "", 10, _count_snapshots),
        (BACKUPS, _("Backups"), backups, "", 10, _count_backups),
        (BACKUP_SIZE, _("Backup space"), _("%(n)s of backups"), "GiB", 1_000, _measure_backups),
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
    most = quotas.limits([project.pk])[project.pk][PER_VOLUME]
    sentence = _("One volume may have at most %(most)s GiB in this project.") % {"most": most}
    quotas.enforce_cap(PER_VOLUME, most, largest_gib, sentence)


def reserve_snapshot(project: Project, user: User | None, *, size_gib: int) -> None:
    """Reserve quota for a snapshot, which counts as much as its volume (Cinder, no_snapshot_gb_quota). Raise OverQuota."""
    quotas.reserve(project, {SNAPSHOTS: 1, SIZE: size_gib}, user)


def reserve_backup(project: Project, user: User | None, *, size_gib: int) -> None:
    """Reserve quota for a backup, which counts as much as its volume, an increment too, as in Cinder. Raise OverQuota."""
    quotas.reserve(project, {BACKUPS: 1, BACKUP_SIZE: size_gib}, user)


def _count_backups(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    return _by_project(Backup.objects.existing(), Count("pk"), project_ids, user_id)


def _measure_backups(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    return _by_project(Backup.objects.existing(), Sum("size_gib"), project_ids, user_id)


def _count_snapshots(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    return _by_project(VolumeSnapshot.objects.existing(), Count("pk"), project_ids, user_id)


def _count(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    return _by_project(Volume.objects.existing(), Count("pk"), project_ids, user_id)


def _measure(project_ids: Iterable[str], user_id: str | None = None) -> Mapping[str, int]:
    ids = list(project_ids)
    total = Counter(_by_project(Volume.objects.existing(), Sum("size_gib"), ids, user_id))
    total.update(_by_project(VolumeSnapshot.objects.existing(), Sum("size_gib"), ids, user_id))
    for counter in _sizes:
        total.update(counter(ids, user_id))
    return total


def _by_project(
    existing: QuerySet[Any], aggregate: Aggregate, project_ids: Iterable[str], user_id: str | None
) -> dict[str, int]:
    owned = Q(project__in=list(project_ids)) & (Q(user=user_id) if user_id else Q())
    rows = existing.filter(owned).order_by().values("project").annotate(used=aggregate)
    return {row["project"]: row["used"] for row in rows}
