"""Usage of projects in a period: hours of instances, and hours times their sizes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import policy
from accounts.context import Context
from accounts.models import Project
from accounts.names import is_text
from compute.instances.models import Instance
from compute.instances.services.disk_sizes import total_gib


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceUsage:
    """The hours of one instance in the period."""

    instance: Instance
    began: datetime
    ended: datetime | None
    hours: float


@dataclass(slots=True, kw_only=True)
class ProjectUsage:
    """Hours of a project, and hours times vCPUs, MiB and GiB. `rows` lists the instances; None if not requested."""

    hours: float = 0
    vcpu_hours: float = 0
    mib_hours: float = 0
    gib_hours: float = 0
    rows: list[InstanceUsage] | None = None

    @property
    def gib_of_memory_hours(self) -> float:
        return self.mib_hours / 1024

    def add(self, row: InstanceUsage) -> None:
        self.hours += row.hours
        self.vcpu_hours += row.hours * row.instance.vcpus
        self.mib_hours += row.hours * row.instance.ram_mib
        self.gib_hours += row.hours * total_gib(row.instance)
        if self.rows is not None:
            self.rows.append(row)


def projects(context: Context, start: datetime, stop: datetime) -> QuerySet[Project]:
    """Return the projects that had an instance in the period. Raise Forbidden."""
    policy.enforce(context, "usage:read_all")
    instances = _present(start, stop).filter(project=OuterRef("pk"))
    return Project.objects.filter(Exists(instances)).order_by("pk")


def instances(context: Context, project_id: str, start: datetime, stop: datetime) -> QuerySet[Instance]:
    """Return the instances that a project had in the period. Raise Forbidden."""
    project = context.project
    policy.enforce(context, "usage:read" if project and project.id == project_id else "usage:read_all")
    rows = _present(start, stop).order_by("created_at", "pk")
    return rows.filter(project=project_id) if is_text(project_id) else rows.none()


def usage_by_project(
    project_ids: Sequence[str], start: datetime, stop: datetime, *, detailed: bool
) -> dict[str, ProjectUsage]:
    """Return {project id: its usage}, from one query whose rows are read one by one."""
    usage = {key: ProjectUsage(rows=[] if detailed else None) for key in project_ids}
    rows = _present(start, stop).filter(project__in=project_ids).order_by("project_id", "created_at", "pk")
    for instance in rows.iterator():
        usage[instance.project_id].add(_usage(instance, start, stop))
    return usage


def daily(context: Context, first: date, last: date) -> dict[str, list[ProjectUsage]]:
    """Return {project id: its usage on each day of UTC, both days included}, of projects that had an instance.

    One query, whose rows are read one by one. Raise Forbidden.
    """
    policy.enforce(context, "usage:read_all")
    midnights = [
        datetime.combine(first + timedelta(days=at), time.min, UTC) for at in range((last - first).days + 2)
    ]
    usage: dict[str, list[ProjectUsage]] = {}
    for instance in _present(midnights[0], midnights[-1]).order_by("project_id").iterator():
        days = usage.setdefault(instance.project_id, [ProjectUsage() for _midnight in midnights[1:]])
        for day, start, stop in zip(days, midnights, midnights[1:], strict=False):
            if (row := _usage(instance, start, stop)).hours:
                day.add(row)
    return usage


def total_usage(rows: Iterable[Instance], start: datetime, stop: datetime) -> ProjectUsage:
    """Return the usage of these instances together."""
    usage = ProjectUsage(rows=[])
    for instance in rows:
        usage.add(_usage(instance, start, stop))
    return usage


def _present(start: datetime, stop: datetime) -> QuerySet[Instance]:
    return Instance.objects.filter(launched_at__lt=stop).filter(Q(deleted_at=None) | Q(deleted_at__gt=start))


def _usage(instance: Instance, start: datetime, stop: datetime) -> InstanceUsage:
    began = instance.launched_at or stop
    until = min(instance.deleted_at or timezone.now(), stop)
    seconds = max((until - max(began, start)).total_seconds(), 0)
    return InstanceUsage(instance=instance, began=began, ended=instance.deleted_at, hours=seconds / 3600)
