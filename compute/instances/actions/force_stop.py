"""Force stop: power off at once and cancel other operations."""

from django.utils.translation import gettext_lazy as _

from compute.engine.moves import Move
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.steps import PowerOff
from compute.instances.states import BUT_ANY_DELETING, TaskState, VmState


class ForceStop(InstanceAction):
    verb = "force_stop"
    label = _("Force stop")
    icon = "plug-x"
    order = 50
    group = POWER
    powers_off = True
    move = Move(
        start=frozenset({VmState.ACTIVE, VmState.PAUSED, VmState.SUSPENDED, VmState.ERROR}),
        task=TaskState.POWERING_OFF,
        end=VmState.STOPPED,
        interrupts=BUT_ANY_DELETING,
    )
    doing = _("Shutting down")
    api_history = "stop"
    danger = True
    confirm = _("This is like pulling the plug: what the guest has not yet saved is lost.")
    steps = (PowerOff(),)
