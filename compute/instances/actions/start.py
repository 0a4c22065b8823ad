"""Start: define the guest and power it on."""

from django.utils.translation import gettext_lazy as _

from compute.engine.moves import Move
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.steps import Define, PowerOn, ReserveAddresses
from compute.instances.states import TaskState, VmState


class Start(InstanceAction):
    """Start the guest. It is redefined first, which applies changed rows and repairs a lost definition."""

    verb = "start"
    label = _("Start")
    icon = "player-play"
    order = 10
    group = POWER
    main = True
    move = Move(
        start=frozenset({VmState.STOPPED}),
        task=TaskState.POWERING_ON,
        end=VmState.ACTIVE,
    )
    doing = _("Starting")
    schedulable = True
    api_name = "os-start"
    steps = (ReserveAddresses(), Define(), PowerOn())
