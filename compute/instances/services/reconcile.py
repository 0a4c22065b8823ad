"""Reconciliation of rows with libvirt: at once by events, and by a full sync in case an event was lost."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.services import audit
from compute.driver.guest.domain import list_guests
from compute.driver.specs import GuestFacts, PowerState
from compute.engine.models import Operation
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts
from compute.instances.models import Instance
from compute.instances.states import VmState

log = structlog.get_logger(__name__)

SETTLED = (VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED)
"""States in which a guest must exist. In others, operations decide, or none may exist."""

GRACE = timedelta(seconds=2)
"""A row changed within this time may be newer than facts read from libvirt a moment ago."""

_STATE = {
    PowerState.RUNNING: VmState.ACTIVE,
    PowerState.SHUTTING_DOWN: VmState.ACTIVE,
    PowerState.PAUSED: VmState.PAUSED,
    PowerState.SUSPENDED: VmState.PAUSED,
    PowerState.SHUT_OFF: VmState.STOPPED,
    PowerState.CRASHED: VmState.STOPPED,
}

REASONS = {
    "crashed": gettext_noop(
        "The guest's QEMU process died or the guest crashed. Its disk is kept; start it again."
    ),
    "failed": gettext_noop(
        "The guest's QEMU process died or the guest crashed. Its disk is kept; start it again."
    ),
    "io_error": gettext_noop("The guest is paused because its disk cannot be written; the host may be full."),
    "missing": gettext_noop(
        "The hypervisor no longer knows this guest. Force reboot makes it anew from its disk."
    ),
}


def full_sync(hypervisor: Hypervisor) -> list[GuestFacts]:
    """Compare every guest with its row. Return guests of this installation without a row. Raise DriverError."""
    read_at = timezone.now()
    guests = {
        facts.uuid: facts
        for facts in list_guests(hypervisor.uri)
        if facts.tag and facts.tag.installation == installation_id()
    }
    rows = Instance.objects.filter(hypervisor=hypervisor, vm_state__in=SETTLED)
    for instance in rows:
        facts = guests.get(str(instance.pk))
        if _differs(instance, facts):
            apply(hypervisor, instance.pk, facts, read_at=read_at)
    Hypervisor.objects.filter(pk=hypervisor.pk).update(synced_at=timezone.now())
    with_row = set(Instance.objects.existing().filter(pk__in=list(guests)).values_list("pk", flat=True))
    return [facts for uuid, facts in guests.items() if UUID(uuid) not in with_row]


def installation_id() -> str:
    """Return the installation's id, as the tags of its guests hold it."""
    return str(hosts.installation().pk)


@transaction.atomic
def apply(
    hypervisor: Hypervisor,
    instance_id: UUID | str,
    facts: GuestFacts | None,
    *,
    read_at: datetime | None = None,
) -> None:
    """Write a guest's state into its row, unless it has an open operation or is on another host now.

    `facts` is None if the host has no such guest.
    """
    rows = Instance.objects.select_for_update().filter(hypervisor=hypervisor, vm_state__in=SETTLED)
    instance = rows.filter(pk=instance_id).first()
    if instance is None or not _differs(instance, facts):
        return
    if Operation.objects.open().on(instance.pk).exists():
        return
    if read_at is not None and instance.updated_at > read_at - GRACE:
        return  # the row is newer than the facts; the next sync compares them again
    earlier_status = instance.status
    if facts is None:
        transitions.fail(instance, {"code": "missing", "message": REASONS["missing"]}, VmState.ERROR)
    else:
        state = _STATE[facts.power]
        # The fault of a failed operation stays, unless the guest runs again.
        fault = None if state == VmState.ACTIVE else instance.fault
        transitions.settle(instance, state, fault=fault)
        if facts.reason in REASONS and state != VmState.ACTIVE:
            transitions.fail(instance, {"code": facts.reason, "message": REASONS[facts.reason]})
    log.warning("guest changed by itself", instance=str(instance.pk), was=earlier_status, now=instance.status)
    audit.record(
        None,
        "instance.changed_outside",
        instance,
        was=earlier_status,
        now=instance.status,
        reason=facts.reason if facts else "missing",
    )


def _differs(instance: Instance, facts: GuestFacts | None) -> bool:
    if facts is None:
        return True
    return facts.power in _STATE and _STATE[facts.power] != instance.vm_state
