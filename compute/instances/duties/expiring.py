"""Warns of instances that expire soon, and deletes those whose time has come."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from compute.engine.actions.begin import try_begin
from compute.instances.models import Instance
from compute.instances.services import expiry
from compute.instances.states import VmState


def sweep() -> None:
    """Several may sweep at once: each warning and each deletion happens once."""
    _warn()
    due = Q(expires_at__lte=timezone.now()) & ~Q(vm_state=VmState.SOFT_DELETED)
    rows = Instance.objects.existing().filter(due, task_state=None)
    for instance_id in rows.values_list("pk", flat=True):
        try_begin("instance.delete", instance_id, only=due, reason="expired")


def _warn() -> None:
    now = timezone.now()
    soon = Instance.objects.existing().filter(
        expires_at__gt=now, expires_at__lte=now + expiry.WARNING, expiry_warned_at=None
    )
    for instance in soon.exclude(vm_state=VmState.SOFT_DELETED).select_related("user", "project"):
        with transaction.atomic():
            warned = expiry.warn(instance)
        if warned:
            expiry.mail_warning(instance)
