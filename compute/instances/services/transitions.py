"""The only writer of an instance's state."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from compute.engine.services import broadcast
from compute.instances import states
from compute.instances.models import Instance
from compute.instances.models.instance import BootStage


def change(instance: Instance, **fields: Any) -> None:
    """Write fields of the instance, raise its version, and let open pages know after commit."""
    Instance.objects.filter(pk=instance.pk).update(
        **fields, version=F("version") + 1, updated_at=timezone.now()
    )
    for name, value in fields.items():
        setattr(instance, name, value)
    broadcast.instance_changed(instance)


def task(instance: Instance, task_state: states.TaskState) -> None:
    """Say what is being done to the instance."""
    change(instance, task_state=task_state)


def settle(
    instance: Instance, vm_state: states.VmState, *, task_state: str | None = None, **fields: Any
) -> None:
    """The instance is now in `vm_state`; an earlier fault is forgotten.

    `task_state` stays None unless something else is in line already. What runs now boots now, unless it was
    only paused; what is off has no boot stage.
    """
    if vm_state == states.VmState.ACTIVE and instance.launched_at is None:
        fields["launched_at"] = timezone.now()
    if vm_state != states.VmState.ACTIVE:
        fields["boot_stage"] = BootStage.NONE
    elif instance.vm_state != states.VmState.PAUSED:
        fields |= {"boot_stage": BootStage.BOOTING, "booted_at": timezone.now()}
    if vm_state not in states.RUNNING:
        fields |= {"agent": None, "room": None}
    change(instance, vm_state=vm_state, task_state=task_state, **{"fault": None} | fields)


def boot(instance: Instance, stage: BootStage) -> None:
    """The guest has come this far."""
    change(instance, boot_stage=stage)


def fail(
    instance: Instance,
    error: dict[str, str] | None,
    vm_state: states.VmState | None = None,
    *,
    task_state: str | None = None,
) -> None:
    """A task was given up: keep the state, or take `vm_state`, and keep the reason where people see it."""
    fault = {**(error or {}), "at": timezone.now().isoformat(timespec="seconds")}
    change(instance, vm_state=vm_state or instance.vm_state, task_state=task_state, fault=fault)
