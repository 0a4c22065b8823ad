"""Pause and unpause: stop the processors and let them run again; memory and connections stay."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.actions.base import Action
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts


class StopProcessors(Step):
    name: ClassVar[str] = "pause"
    label: ClassVar[str] = gettext_noop("Pause")

    def do(self, run: Run) -> None:
        run.check()
        hosts.guest(run.instance).pause()

    def undo(self, run: Run) -> None:
        hosts.guest(run.instance).unpause()


class RunProcessors(Step):
    name: ClassVar[str] = "unpause"
    label: ClassVar[str] = gettext_noop("Unpause")

    def do(self, run: Run) -> None:
        run.check()
        hosts.guest(run.instance).unpause()


class Pause(Action):
    verb = "pause"
    label = _("Pause")
    icon = "player-pause"
    steps = (StopProcessors(),)


class Unpause(Action):
    verb = "unpause"
    label = _("Unpause")
    icon = "player-play"
    steps = (RunProcessors(),)
