"""Stop: ask the guest to shut down; after a time of grace, pull the plug."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Wait
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.claims import claimed
from compute.instances.actions.steps import is_off
from compute.instances.services import hardware
from compute.instances.states import TaskState, VmState

PRESS_AGAIN = timedelta(seconds=10)


class ShutDown(Step):
    """Press the power button and wait for the guest's own end without holding a worker.

    A guest that is still booting does not hear the button, so it is pressed again now and then.
    """

    name: ClassVar[str] = "shut_down"
    label: ClassVar[str] = gettext_noop("Shut down")

    def do(self, run: Run) -> None:
        instance = run.subject
        if is_off(instance):
            return
        deadline = began(run, self) + hardware.grace(instance)
        if timezone.now() >= deadline:
            claimed(run, write=False).destroy()
            return
        claimed(run).shut_down()
        raise Wait(until=min(deadline, timezone.now() + PRESS_AGAIN))


def began(run: Run, step: Step) -> datetime:
    """When the step was first taken up; a time of grace counts from there, whoever works on it."""
    entry = next(entry for entry in run.operation.timeline if entry["name"] == step.name)
    return datetime.fromisoformat(entry["began"])


class Stop(InstanceAction):
    verb = "stop"
    label = _("Stop")
    icon = "player-stop"
    order = 20
    main = True
    move = Move(
        start=frozenset({VmState.ACTIVE, VmState.ERROR}),
        task=TaskState.POWERING_OFF,
        end=VmState.STOPPED,
    )
    doing = _("Shutting down")
    schedulable = True
    api_name = "os-stop"
    steps = (ShutDown(),)
