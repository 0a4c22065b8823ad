"""The quota of volumes, snapshots and backups, under Cinder's names: numbers and sizes of a project."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, QuerySet, Sum
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


def register() -> None:
    """Register the resources with accounts. Call it once at start."""
    quotas.register_caps(CAPS)
    volumes = ngettext_lazy("%(n)s volume", "%(n)s volumes", "n")
    snapshots = ngettext_lazy("%(n)s snapshot", "%(n)s snapshots", "n")
    backups = ngettext_lazy("%(n)s backup", "%(n)s backups", "n")
    space = _("%(n)s of backups")
    quotas.register(
        quotas.Resource(name=SIZE, label=_("Disk"), counted=_("%(n)s of disk"), unit="GiB", default=1_000),
        quotas.Resource(name=COUNT, label=_("Volumes"), counted=volumes, unit="", default=10),
        quotas.Resource(name=SNAPSHOTS, label=_("Snapshots"), counted=snapshots, unit="", default=10),
        quotas.Resource(name=BACKUPS, label=_("Backups"), counted=backups, unit="", default=10),
        quotas.Resource(name=BACKUP_SIZE, label=_("Backup space"), counted=space, unit="GiB", default=1_000),
    )
    for rows, number, size in (
        (Volume.objects.existing(), COUNT, SIZE),
        (VolumeSnapshot.objects.existing(), SNAPSHOTS, SIZE),
        (Backup.objects.existing(), BACKUPS, BACKUP_SIZE),
    ):
        quotas.register_counter(counter(rows, number, size), number, size)


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


def counter(existing: QuerySet[Any], number: str, size: str) -> quotas.Counter:
    """Return what counts rows with `size_gib` in the quota, under the names of their number and their size."""

    def count(project_ids: Iterable[str], user_id: str | None = None) -> quotas.Usages:
        amounts = {number: Count("pk"), size: Sum("size_gib")}
        return quotas.aggregated(existing, project_ids, user_id, **amounts)

    return count
