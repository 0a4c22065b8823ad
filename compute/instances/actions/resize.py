"""Resize: another flavor on the same host, which can be reverted until it is confirmed."""

from types import SimpleNamespace
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.openstack.schema import object_of
from compute.api.schemas import DISK_CONFIG, ID_OR_NUMBER
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.base import SYSTEM, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.size_change import (
    SizeChange,
    amounts,
    present_size,
    reserve_growth,
    restore_size,
)
from compute.instances.actions.steps import Define, PowerOff, RestorePower, redefine
from compute.instances.actions.stop import ShutDown
from compute.instances.models import Instance
from compute.instances.services import disk_filling, guests, machine_disks
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Disk
from compute.volumes.services import disks

SNAPSHOT_NAME = "before-resize"


class SnapshotDisks(Step):
    """Take snapshots of the disks, except swap, for a revert."""

    name: ClassVar[str] = "keep_disk"
    label: ClassVar[str] = gettext_noop("Keep the present disk")

    def do(self, run: Run) -> None:
        claim_guest(run)
        for disk in _snapshot_disks(run.subject):
            disks.pool_of(disk).snapshot(disk.volume_name, SNAPSHOT_NAME)

    def undo(self, run: Run) -> None:
        claim_guest(run)
        _revert(run)
        _delete_snapshots(run.subject)


class ShutDownToResize(ShutDown):
    """Shut down. Undone last, it restores the earlier size and the guest."""

    def undo(self, run: Run) -> None:
        restore_size(run.subject)
        if run.subject.hypervisor is not None:
            _resize_disks(run.subject)
        redefine(run)


class GrowDisks(Step):
    """Resize the disks, create the flavor's further disks, and remove those that it lacks."""

    name: ClassVar[str] = "grow_disk"
    label: ClassVar[str] = gettext_noop("Grow the disk")

    def do(self, run: Run) -> None:
        claim_guest(run)
        _resize_disks(run.subject)


class RevertDisks(Step):
    name: ClassVar[str] = "old_disk"
    label: ClassVar[str] = gettext_noop("Go back to the earlier disk")

    def do(self, run: Run) -> None:
        claim_guest(run)
        restore_size(run.subject)
        _revert(run)


class DeleteSnapshots(Step):
    name: ClassVar[str] = "let_go"
    label: ClassVar[str] = gettext_noop("Let go of the earlier disk")

    def do(self, run: Run) -> None:
        run.check()
        if run.subject.hypervisor is not None:
            _delete_snapshots(run.subject)


class Resize(SizeChange):
    """Resize an instance. Takes `flavor_id`. Snapshots of the disks stay until it is confirmed."""

    verb = "resize"
    label = gettext_lazy("Resize")
    icon = "resize"
    order = 130
    group = SYSTEM
    intro = gettext_lazy(
        "It is shut down, gets its new size and starts again. Until you confirm, you can go back."
    )
    move = Move(
        start=RUNS_OR_OFF,
        task=TaskState.RESIZING,
        end=VmState.RESIZED,
    )
    doing = gettext_lazy("Resizing")
    api_name = "resize"
    api_body = object_of({"flavorRef": ID_OR_NUMBER}, {"OS-DCF:diskConfig": DISK_CONFIG})
    steps: tuple[Step, ...] = (
        ShutDownToResize(),
        PowerOff(),
        SnapshotDisks(),
        GrowDisks(),
        Define(),
        RestorePower(),
    )


class ConfirmResize(InstanceAction):
    verb = "confirm_resize"
    label = gettext_lazy("Confirm the new size")
    icon = "check"
    order = 140
    group = SYSTEM
    main = True
    move = Move(
        start=frozenset({VmState.RESIZED}),
        task=TaskState.RESIZE_CONFIRMING,
        end=VmState.ACTIVE,
    )
    doing = gettext_lazy("Confirming the new size")
    api_name = "confirmResize"
    api_history = "confirmResize"
    steps = (DeleteSnapshots(),)

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)

    def succeeded(self, operation: Operation) -> None:
        transitions.change(self.locked(operation), resized_from=None)
        super().succeeded(operation)


class RevertResize(InstanceAction):
    verb = "revert_resize"
    label = gettext_lazy("Revert resize")
    icon = "arrow-back-up"
    order = 150
    group = SYSTEM
    main = True
    move = Move(
        start=frozenset({VmState.RESIZED}),
        task=TaskState.RESIZE_REVERTING,
        end=VmState.ACTIVE,
    )
    doing = gettext_lazy("Reverting the resize")
    api_name = "revertResize"
    api_history = "revertResize"
    reserves = True
    confirm = gettext_lazy("Its disk becomes what it was before the resize; later changes on it are lost.")
    steps = (PowerOff(), RevertDisks(), DeleteSnapshots(), Define(), RestorePower())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Reserve the difference to the earlier size. Raise OverQuota."""
        before = instance.resized_from or present_size(instance)
        reserve_growth(instance, amounts(SimpleNamespace(**before)))
        return {}

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)


def _snapshot_disks(instance: Instance) -> list[Disk]:
    """Return the disks that get snapshots: all but swap."""
    return [disk for disk in machine_disks.data(instance) if disk.role != Disk.Role.SWAP]


def _resize_disks(instance: Instance) -> None:
    """Give the disks the sizes of the instance's row; safe to repeat."""
    machine_disks.sync(instance)
    for disk in machine_disks.data(instance):
        size = machine_disks.size_of(instance, disk)
        if disk.role == Disk.Role.SWAP and disk.size_bytes != size:
            disks.delete_volume(disk)
        Disk.objects.filter(pk=disk.pk).update(size_bytes=size)
        disk.size_bytes = size
        disk_filling.make(disk)
        disks.pool_of(disk).resize(disk.volume_name, size)
    _remove_replaced(instance)


def _revert(run: Run) -> None:
    """Revert the disks to their snapshots, and to the earlier sizes if the row has them again."""
    instance = run.subject
    for disk in _snapshot_disks(instance):
        disks.pool_of(disk).revert(disk.volume_name, SNAPSHOT_NAME)
    if instance.resized_from is None:
        _resize_disks(instance)


def _delete_snapshots(instance: Instance) -> None:
    for disk in _snapshot_disks(instance):
        disks.pool_of(disk).delete_snapshot(disk.volume_name, SNAPSHOT_NAME, guests.guest(instance))


def _remove_replaced(instance: Instance) -> None:
    for disk in instance.disks.filter(role=Disk.Role.REPLACED):
        disks.remove(disk)
