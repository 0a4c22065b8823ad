"""Empties the recycle bin of what has been in it long enough."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from compute.engine.actions.begin import try_begin
from compute.instances.models import Instance
from compute.instances.states import VmState


def purge_at(instance: Instance) -> datetime | None:
    """When the instance goes for good; None outside the bin."""
    if instance.deleted_at is None:
        return None
    return instance.deleted_at + timedelta(hours=settings.RECYCLE_HOURS)


def empty() -> None:
    """Begin to purge everything whose time is over."""
    over = Q(
        vm_state=VmState.SOFT_DELETED,
        deleted_at__lt=timezone.now() - timedelta(hours=settings.RECYCLE_HOURS),
    )
    for instance_id in Instance.objects.filter(over, task_state=None).values_list("pk", flat=True):
        try_begin("instance.purge", instance_id, only=over, reason="recycle bin")
