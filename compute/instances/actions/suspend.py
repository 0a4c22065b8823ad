"""Suspend and resume: write the memory to disk and power off; later go on where the guest was."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.actions.base import Action
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.instances.actions.steps import PowerOn, power_on


class SaveMemory(Step):
    name: ClassVar[str] = "save"
    label: ClassVar[str] = gettext_noop("Write the memory to disk")

    def do(self, run: Run) -> None:
        run.check()
        hosts.guest(run.instance).save()

    def undo(self, run: Run) -> None:
        power_on(run.instance)


class GoOn(PowerOn):
    """Power on; libvirt reads what was saved. Never undone by pulling the plug, which would lose it."""

    label: ClassVar[str] = gettext_noop("Go on where it was")

    def undo(self, run: Run) -> None:
        pass


class Suspend(Action):
    verb = "suspend"
    label = _("Suspend")
    icon = "moon"
    steps = (SaveMemory(),)


class Resume(Action):
    verb = "resume"
    label = _("Resume")
    icon = "player-play"
    steps = (GoOn(),)
