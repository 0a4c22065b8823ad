"""What projects used in a time: hours of instances and of their sizes, counted from the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from accounts import policy
from accounts.context import Context
from compute.instances.models import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceUsage:
    """One instance and how many hours of the time it was there."""

    instance: Instance
    began: datetime
    ended: datetime | None
    hours: float


def projects(context: Context, project_id: str | None) -> None:
    """Raises Forbidden unless the asker may see the usage of the project (None: of all)."""
    own = context.project
    rule = "usage:read" if own and own.id == project_id else "usage:read_all"
    policy.enforce(context, rule)


def report(
    context: Context, project_id: str | None, start: datetime, stop: datetime
) -> dict[str, list[InstanceUsage]]:
    """{project id: usage of every instance that was there between start and stop}. One query."""
    projects(context, project_id)
    rows = Instance.objects.filter(launched_at__lt=stop).filter(Q(deleted_at=None) | Q(deleted_at__gt=start))
    if project_id is not None:
        rows = rows.filter(project=project_id)
    found: dict[str, list[InstanceUsage]] = {}
    for instance in rows.order_by("project", "created_at", "pk"):
        if instance.launched_at is not None:
            row = _of(instance, instance.launched_at, start, stop)
            found.setdefault(instance.project_id, []).append(row)
    return found


def _of(instance: Instance, began: datetime, start: datetime, stop: datetime) -> InstanceUsage:
    until = min(instance.deleted_at or timezone.now(), stop)
    seconds = max((until - max(began, start)).total_seconds(), 0)
    return InstanceUsage(instance=instance, began=began, ended=instance.deleted_at, hours=seconds / 3600)


def totals(rows: Iterable[InstanceUsage]) -> dict[str, float]:
    """Hours, and hours times vCPUs, MiB and GiB."""
    kept = list(rows)
    return {
        "hours": sum(row.hours for row in kept),
        "vcpus": sum(row.hours * row.instance.vcpus for row in kept),
        "ram_mib": sum(row.hours * row.instance.ram_mib for row in kept),
        "disk_gib": sum(row.hours * row.instance.disk_gib for row in kept),
    }
