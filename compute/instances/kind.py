"""Instances and their snapshots as the engine knows them."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.context import Context
from compute.engine.kinds import Kind
from compute.instances import states
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.models.instance import BootStage
from compute.instances.services import status_labels
from compute.instances.states import VmState
from compute.volumes.states import SnapshotState

LOCKED = _("It is locked against changes. Unlock it first.")


def state_columns(instance: Instance, state: str) -> Mapping[str, Any]:
    """Return the columns that follow from a new state. A guest that becomes active boots, unless it was only halted."""
    fields: dict[str, Any] = {}
    if state == VmState.ACTIVE and instance.launched_at is None:
        fields["launched_at"] = timezone.now()
    if state != VmState.ACTIVE:
        fields["boot_stage"] = BootStage.NONE
    elif instance.vm_state not in {VmState.PAUSED, VmState.SUSPENDED}:
        fields |= {"boot_stage": BootStage.BOOTING, "booted_at": timezone.now()}
    if state not in states.RUNNING:
        fields |= {"agent": None, "headroom": None}
    return fields


def lock(context: Context, instance: Instance) -> str | Promise:
    """Return why the instance is locked against the asker. Administrators may override it, as in Nova."""
    return LOCKED if instance.locked and not policy.allows(context, "instance:override_lock") else ""


INSTANCE = Kind(
    noun="instance",
    rank=1,
    model=Instance,
    existing_states=states.EXISTING,
    deleted_states=frozenset({VmState.DELETED}),
    error_state=VmState.ERROR,
    status=lambda instance: status_labels.status(instance.status),
    lists=("instances",),
    counts=("quota",),
    state_columns=state_columns,
    lock=lock,
    unshown=frozenset({"agent", "headroom", "boot_stage", "booted_at", "expiry_warned_at"})
    | {"current_snapshot", "snapshot_count"},
    # Why its launch has failed matters more than that a deletion has failed afterwards.
    keeps_fault=lambda instance: not instance.was_launched,
    host=lambda instance: instance.hypervisor_id,
    related=("hypervisor",),
)

INSTANCE_SNAPSHOT = Kind(
    noun="instance_snapshot",
    rank=4,
    model=InstanceSnapshot,
    existing_states=frozenset(SnapshotState) - {SnapshotState.DELETED},
    deleted_states=frozenset({SnapshotState.DELETED}),
    error_state=SnapshotState.ERROR,
    status=lambda snapshot: snapshot.get_status_display(),
    lists=("instance_snapshots",),
    counts=("quota",),
    host=lambda snapshot: snapshot.instance.hypervisor_id,
    related=("project", "instance__hypervisor", "memory_pool"),
)
