"""Shelve and unshelve: give processors and memory back to the host, keep the disk and the address.

The disk stays in its host's pool, and an unshelved instance comes back there at once, from that disk. The image
that shelving takes, as in Nova, is a second copy to launch others from meanwhile; nobody waits for it twice: it is
written straight from the files of the disk, once, without what was never written, and unshelving discards it.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.image_making import (
    CopyOut,
    DescribeFile,
    MakesImage,
    forget_shelved_image,
    made_by,
    new_image,
)
from compute.instances.actions.steps import (
    Define,
    ForgetGuest,
    PowerOff,
    PowerOn,
    ReserveAddresses,
    make_anew,
    power_before,
)
from compute.instances.actions.stop import ShutDown
from compute.instances.models import Instance
from compute.instances.services import scheduler
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState


class LayDown(ShutDown):
    """Shut down; undone last, it leaves the machine as it was."""

    def undo(self, run: Run) -> None:
        make_anew(run)


class Shelve(MakesImage):
    verb = "shelve"
    label = _("Shelve")
    icon = "archive"
    order = 100
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED},
        task=TaskState.SHELVING,
        end=VmState.SHELVED,
    )
    doing = _("Shelving")
    schedulable = True
    api_name = "shelve"
    reserves = True
    confirm = _(
        "It is shut down and gives processors and memory back. Its disk and address are kept, and an image is taken."
    )
    cancellable = True
    steps = (LayDown(), PowerOff(), CopyOut(), DescribeFile(), ForgetGuest())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raises OverQuota: its image counts like every other."""
        transitions.change(instance, restore_to=power_before(instance))
        return new_image(context, instance, f"{instance.name[:247]}-shelved")

    def undone_state(self, operation: Operation, instance: Instance) -> VmState | None:
        """What was paused or suspended runs afterwards: its memory was given up."""
        return VmState(instance.restore_to) if operation.timeline else None

    def succeeded(self, operation: Operation) -> None:
        transitions.change(self.locked(operation), shelved_image=made_by(operation))
        super().succeeded(operation)


class Unshelve(InstanceAction):
    verb = "unshelve"
    label = _("Unshelve")
    icon = "archive-off"
    order = 110
    main = True
    move = Move(
        start=frozenset({VmState.SHELVED}),
        task=TaskState.UNSHELVING,
        end=VmState.ACTIVE,
    )
    doing = _("Unshelving")
    schedulable = True
    api_name = "unshelve"
    steps = (ReserveAddresses(), Define(), PowerOn())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Its disk is on one host, which must have room for the rest. Raises Conflict."""
        scheduler.check(instance)
        return {}

    def succeeded(self, operation: Operation) -> None:
        forget_shelved_image(self.locked(operation))
        super().succeeded(operation)
