"""Stop: ask the guest to shut down; after a time of grace, pull the plug."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.actions.base import Action
from compute.engine.operations import Run, Step, Wait
from compute.hosts.services import hosts
from compute.instances.actions.steps import is_off
from compute.instances.services import hardware

PRESS_AGAIN = timedelta(seconds=10)


class ShutDown(Step):
    """Press the power button and wait for the guest's own end without holding a worker.

    A guest that is still booting does not hear the button, so it is pressed again now and then.
    """

    name: ClassVar[str] = "shut_down"
    label: ClassVar[str] = gettext_noop("Shut down")

    def do(self, run: Run) -> None:
        instance = run.instance
        if is_off(instance):
            return
        deadline = began(run, self) + hardware.grace(instance)
        run.check()
        if timezone.now() >= deadline:
            hosts.guest(instance).destroy()
            return
        hosts.guest(instance).shut_down()
        raise Wait(until=min(deadline, timezone.now() + PRESS_AGAIN))


def began(run: Run, step: Step) -> datetime:
    """When the step was first taken up; a time of grace counts from there, whoever works on it."""
    entry = next(entry for entry in run.operation.timeline if entry["name"] == step.name)
    return datetime.fromisoformat(entry["began"])


class Stop(Action):
    verb = "stop"
    label = _("Stop")
    icon = "player-stop"
    steps = (ShutDown(),)
