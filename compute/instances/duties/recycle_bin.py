"""The duty that purges instances from the recycle bin."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from compute.engine.actions.begin import try_begin
from compute.instances.models import Instance
from compute.instances.states import VmState


def purge_at(instance: Instance) -> datetime | None:
    """Return when the instance is purged; None if it is not in the recycle bin."""
    if instance.deleted_at is None:
        return None
    return instance.deleted_at + timedelta(hours=settings.RECYCLE_HOURS)


def empty() -> None:
    """Begin to purge the instances whose time in the recycle bin is over."""
    due = Q(
        vm_state=VmState.SOFT_DELETED,
        deleted_at__lt=timezone.now() - timedelta(hours=settings.RECYCLE_HOURS),
    )
    for instance_id in Instance.objects.filter(due, task_state=None).values_list("pk", flat=True):
        try_begin("instance.purge", instance_id, only=due, reason="recycle bin")
