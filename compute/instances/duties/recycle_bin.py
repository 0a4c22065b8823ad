"""The duty that purges instances from the recycle bin."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Quota
from accounts.services import quotas
from compute.engine.actions.begin import try_begin
from compute.instances.models import Instance
from compute.instances.states import VmState


def purge_at(instance: Instance) -> datetime | None:
    """Return when the instance is purged; None if it is not in the recycle bin."""
    if instance.deleted_at is None:
        return None
    return instance.deleted_at + timedelta(hours=settings.RECYCLE_HOURS)


def empty() -> None:
    """Begin to purge the instances whose time in the recycle bin is over, and the oldest of bins that are too full.

    A project's bin keeps as many as the project may have instances: they hold addresses and disks that others need.
    """
    due = Q(
        vm_state=VmState.SOFT_DELETED,
        deleted_at__lt=timezone.now() - timedelta(hours=settings.RECYCLE_HOURS),
    )
    for instance_id in Instance.objects.filter(due, task_state=None).values_list("pk", flat=True):
        try_begin("instance.purge", instance_id, only=due, reason="recycle bin")
    in_bin = Q(vm_state=VmState.SOFT_DELETED)
    for instance_id in _beyond_limits(Instance.objects.filter(in_bin, task_state=None)):
        try_begin("instance.purge", instance_id, only=in_bin, reason="recycle bin is full")


def _beyond_limits(binned: QuerySet[Instance]) -> list[UUID]:
    """Return the ids of the oldest instances that are more than their projects may have. Two queries, or one."""
    by_project: dict[str, list[UUID]] = {}
    for key, project in binned.order_by("-deleted_at", "pk").values_list("pk", "project"):
        by_project.setdefault(project, []).append(key)
    limits = quotas.limits(by_project)
    return [
        key
        for project, keys in by_project.items()
        if (limit := limits[project]["instances"]) != Quota.UNLIMITED
        for key in keys[limit:]
    ]
