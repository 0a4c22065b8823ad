"""Suspend and resume: save the guest's memory to disk and power off; restore it later."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.claims import claim_guest, revive
from compute.instances.actions.steps import PowerOn, power_on
from compute.instances.states import TaskState, VmState


class SaveMemory(Step):
    name: ClassVar[str] = "save"
    label: ClassVar[str] = gettext_noop("Write the memory to disk")

    def do(self, run: Run) -> None:
        claim_guest(run).save()

    def undo(self, run: Run) -> None:
        revive(run, power_on)


class ResumeGuest(PowerOn):
    """Power on, by which libvirt restores the saved memory. Not undone, since power-off would lose it."""

    label: ClassVar[str] = gettext_noop("Go on where it was")

    def undo(self, run: Run) -> None:
        pass


class Suspend(InstanceAction):
    verb = "suspend"
    label = _("Suspend")
    icon = "moon"
    order = 80
    group = POWER
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.SUSPENDING,
        end=VmState.SUSPENDED,
    )
    doing = _("Suspending")
    schedulable = True
    api_name = "suspend"
    steps = (SaveMemory(),)


class Resume(InstanceAction):
    verb = "resume"
    label = _("Resume")
    icon = "player-play"
    order = 90
    group = POWER
    main = True
    move = Move(
        start=frozenset({VmState.SUSPENDED}),
        task=TaskState.RESUMING,
        end=VmState.ACTIVE,
    )
    doing = _("Resuming")
    schedulable = True
    api_name = "resume"
    steps = (ResumeGuest(),)
