"""Pause and unpause: stop the processors and let them run again; memory and connections stay."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.claims import claimed
from compute.instances.states import TaskState, VmState


class StopProcessors(Step):
    name: ClassVar[str] = "pause"
    label: ClassVar[str] = gettext_noop("Pause")

    def do(self, run: Run) -> None:
        claimed(run).pause()

    def undo(self, run: Run) -> None:
        claimed(run).unpause()


class RunProcessors(Step):
    name: ClassVar[str] = "unpause"
    label: ClassVar[str] = gettext_noop("Unpause")

    def do(self, run: Run) -> None:
        claimed(run).unpause()


class Pause(InstanceAction):
    verb = "pause"
    label = _("Pause")
    icon = "player-pause"
    order = 60
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.PAUSING,
        end=VmState.PAUSED,
    )
    doing = _("Pausing")
    schedulable = True
    api_name = "pause"
    steps = (StopProcessors(),)


class Unpause(InstanceAction):
    verb = "unpause"
    label = _("Unpause")
    icon = "player-play"
    order = 70
    main = True
    move = Move(
        start=frozenset({VmState.PAUSED}),
        task=TaskState.UNPAUSING,
        end=VmState.ACTIVE,
    )
    doing = _("Unpausing")
    schedulable = True
    api_name = "unpause"
    steps = (RunProcessors(),)
