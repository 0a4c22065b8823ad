"""Pause and unpause: stop and resume the vCPUs; memory and connections stay."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.claims import claim_guest, revive
from compute.instances.states import TaskState, VmState


class PauseGuest(Step):
    name: ClassVar[str] = "pause"
    label: ClassVar[str] = gettext_noop("Pause")

    def do(self, run: Run) -> None:
        claim_guest(run).pause()

    def undo(self, run: Run) -> None:
        revive(run, lambda run: claim_guest(run).unpause())


class UnpauseGuest(Step):
    name: ClassVar[str] = "unpause"
    label: ClassVar[str] = gettext_noop("Unpause")

    def do(self, run: Run) -> None:
        claim_guest(run).unpause()


class Pause(InstanceAction):
    verb = "pause"
    label = _("Pause")
    icon = "player-pause"
    order = 60
    group = POWER
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.PAUSING,
        end=VmState.PAUSED,
    )
    doing = _("Pausing")
    schedulable = True
    api_name = "pause"
    steps = (PauseGuest(),)


class Unpause(InstanceAction):
    verb = "unpause"
    label = _("Unpause")
    icon = "player-play"
    order = 70
    group = POWER
    main = True
    move = Move(
        start=frozenset({VmState.PAUSED}),
        task=TaskState.UNPAUSING,
        end=VmState.ACTIVE,
    )
    doing = _("Unpausing")
    schedulable = True
    api_name = "unpause"
    steps = (UnpauseGuest(),)
