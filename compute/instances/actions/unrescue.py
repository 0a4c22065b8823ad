"""Unrescue: boot from the instance's own disk again and forget the rescue disk."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.hosts.services import hosts
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.steps import Define, PowerOff, PowerOn
from compute.instances.states import TaskState, VmState


class LeaveRescue(Step):
    """From here on the machine is described with its own disk only."""

    name: ClassVar[str] = "leave_rescue"
    label: ClassVar[str] = gettext_noop("Take the rescue disk out")

    def do(self, run: Run) -> None:
        run.check()
        transitions.change(run.subject, rescue_image=None)


class RemoveRescueDisk(Step):
    name: ClassVar[str] = "rescue_disk"
    label: ClassVar[str] = gettext_noop("Delete the rescue disk")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.subject
        if instance.hypervisor is not None:
            hosts.pool(instance.hypervisor).delete(instance.rescue_disk_name)


class Unrescue(InstanceAction):
    verb = "unrescue"
    label = _("End the rescue")
    icon = "lifebuoy-off"
    order = 170
    main = True
    move = Move(
        start=frozenset({VmState.RESCUED}),
        task=TaskState.UNRESCUING,
        end=VmState.ACTIVE,
    )
    doing = _("Ending the rescue")
    api_name = "unrescue"
    steps = (PowerOff(), LeaveRescue(), RemoveRescueDisk(), Define(), PowerOn())
