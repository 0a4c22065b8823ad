"""The duty that warns of instances about to expire, and deletes expired ones."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from compute.engine.actions.begin import try_begin
from compute.instances.models import Instance
from compute.instances.services import expiry
from compute.instances.states import VmState


def sweep() -> None:
    """Warn of instances about to expire and delete expired ones, each once even if several processes sweep."""
    _warn()
    due = Q(expires_at__lte=timezone.now()) & ~Q(vm_state=VmState.SOFT_DELETED)
    rows = Instance.objects.existing().filter(due, task_state=None)
    for instance_id in rows.values_list("pk", flat=True):
        try_begin("instance.delete", instance_id, only=due, reason="expired")


def _warn() -> None:
    now = timezone.now()
    expiring = Instance.objects.existing().filter(
        expires_at__gt=now, expires_at__lte=now + expiry.WARNING, expiry_warned_at=None
    )
    for instance in expiring.exclude(vm_state=VmState.SOFT_DELETED).select_related("user", "project"):
        with transaction.atomic():
            warned = expiry.warn(instance)
        if warned:
            expiry.mail_warning(instance)
