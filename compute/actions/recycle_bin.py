"""Empties the recycle bin of what has been in it long enough."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services import audit
from compute import operations, states
from compute.actions.purge import Purge
from compute.models import Instance
from compute.services import transitions


def purge_at(instance: Instance) -> datetime | None:
    """When the instance goes for good; None outside the bin."""
    if instance.deleted_at is None:
        return None
    return instance.deleted_at + timedelta(hours=settings.RECYCLE_HOURS)


def empty() -> None:
    """Begin to purge everything whose time is over."""
    over = timezone.now() - timedelta(hours=settings.RECYCLE_HOURS)
    for instance_id in (
        Instance.objects.in_recycle_bin()
        .filter(deleted_at__lt=over, task_state=None)
        .values_list("pk", flat=True)
    ):
        _purge(instance_id)


@transaction.atomic
def _purge(instance_id: UUID) -> None:
    instance = (
        Instance.objects.in_recycle_bin().select_for_update().filter(pk=instance_id, task_state=None).first()
    )
    if instance is None:
        return
    transitions.task(instance, states.MOVES[Purge.verb].task)
    operations.enqueue(None, Purge.verb, instance, parameters={})
    audit.record(
        None,
        f"instance.{Purge.verb}",
        outcome=AuditEvent.Outcome.REQUESTED,
        target_type="instance",
        target_id=str(instance.pk),
        target_name=instance.name,
        project_id=instance.project_id,
        detail={"reason": "recycle bin"},
    )
