"""Resize: another flavor on the same host, kept so that it can be taken back until it is confirmed."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.claims import claimed
from compute.instances.actions.launch import GIB
from compute.instances.actions.size_change import SizeChange, reserve_growth, size_of_row, take_back_size
from compute.instances.actions.steps import Define, PowerOff, PowerOnIfItRan, make_anew
from compute.instances.actions.stop import ShutDown
from compute.instances.models import Instance
from compute.instances.services import guests
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState

KEPT = "before-resize"


class KeepOldDisk(Step):
    """Keep the disk as it is, with its size."""

    name: ClassVar[str] = "keep_disk"
    label: ClassVar[str] = gettext_noop("Keep the present disk")

    def do(self, run: Run) -> None:
        claimed(run)
        guests.pool_of(run.subject).snapshot(run.subject.disk_name, KEPT)

    def undo(self, run: Run) -> None:
        claimed(run)
        pool, disk = guests.pool_of(run.subject), run.subject.disk_name
        pool.revert(disk, KEPT)
        pool.delete_snapshot(disk, KEPT, guests.guest(run.subject))


class GoDown(ShutDown):
    """Shut down; undone last, it leaves the machine as it was, with its size of before."""

    def undo(self, run: Run) -> None:
        take_back_size(run.subject)
        make_anew(run)


class GrowDisk(Step):
    name: ClassVar[str] = "grow_disk"
    label: ClassVar[str] = gettext_noop("Grow the disk")

    def do(self, run: Run) -> None:
        instance = run.subject
        run.check()
        guests.pool_of(instance).resize(instance.disk_name, instance.disk_gib * GIB)


class GoBackToOldDisk(Step):
    name: ClassVar[str] = "old_disk"
    label: ClassVar[str] = gettext_noop("Go back to the earlier disk")

    def do(self, run: Run) -> None:
        claimed(run)
        guests.pool_of(run.subject).revert(run.subject.disk_name, KEPT)
        take_back_size(run.subject)


class LetGoOfOldDisk(Step):
    name: ClassVar[str] = "let_go"
    label: ClassVar[str] = gettext_noop("Let go of the earlier disk")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.subject
        if instance.hypervisor is not None:
            guests.pool_of(instance).delete_snapshot(instance.disk_name, KEPT, guests.guest(instance))


class Resize(SizeChange):
    """Takes `flavor_id`. It keeps the earlier disk until it is confirmed."""

    verb = "resize"
    label = gettext_lazy("Resize")
    icon = "resize"
    order = 130
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
    steps: tuple[Step, ...] = (GoDown(), PowerOff(), KeepOldDisk(), GrowDisk(), Define(), PowerOnIfItRan())


class ConfirmResize(InstanceAction):
    verb = "confirm_resize"
    label = gettext_lazy("Confirm the new size")
    icon = "check"
    order = 140
    main = True
    move = Move(
        start=frozenset({VmState.RESIZED}),
        task=TaskState.RESIZE_CONFIRMING,
        end=VmState.ACTIVE,
    )
    doing = gettext_lazy("Confirming the new size")
    api_name = "confirmResize"
    api_history = "confirmResize"
    steps = (LetGoOfOldDisk(),)

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)

    def succeeded(self, operation: Operation) -> None:
        transitions.change(self.locked(operation), resized_from=None)
        super().succeeded(operation)


class RevertResize(InstanceAction):
    verb = "revert_resize"
    label = gettext_lazy("Go back to the earlier size")
    icon = "arrow-back-up"
    order = 150
    main = True
    move = Move(
        start=frozenset({VmState.RESIZED}),
        task=TaskState.RESIZE_REVERTING,
        end=VmState.ACTIVE,
    )
    doing = gettext_lazy("Going back to the earlier size")
    api_name = "revertResize"
    api_history = "revertResize"
    reserves = True
    confirm = gettext_lazy("Its disk becomes what it was before the resize; later changes on it are lost.")
    steps = (PowerOff(), GoBackToOldDisk(), LetGoOfOldDisk(), Define(), PowerOnIfItRan())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """What was given up by making it smaller must fit again. Raises OverQuota."""
        before = instance.resized_from or size_of_row(instance)
        reserve_growth(instance, before["vcpus"], before["ram_mib"], before["disk_gib"])
        return {}

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)
