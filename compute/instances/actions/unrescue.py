"""Unrescue: boot from the instance's own disks again and delete the rescue disk."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.base import SYSTEM, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import Define, PowerOff, PowerOn
from compute.instances.services import machine_disks
from compute.instances.states import TaskState, VmState
from compute.volumes.models import Disk
from compute.volumes.services import disks


class UnplugRescueDisk(Step):
    """Detach the rescue disk in the rows, from which the guest is defined."""

    name: ClassVar[str] = "leave_rescue"
    label: ClassVar[str] = gettext_noop("Take the rescue disk out")

    def do(self, run: Run) -> None:
        claim_guest(run)
        machine_disks.unplug_rescue(run.subject)
        transitions.change(run.subject, rescue_image=None)


class RemoveRescueDisk(Step):
    name: ClassVar[str] = "rescue_disk"
    label: ClassVar[str] = gettext_noop("Delete the rescue disk")

    def do(self, run: Run) -> None:
        run.check()
        machine_disks.unplug_rescue(run.subject)
        for disk in run.subject.disks.filter(role=Disk.Role.RESCUE):
            disks.remove(disk)


class Unrescue(InstanceAction):
    verb = "unrescue"
    label = _("Leave rescue mode")
    icon = "lifebuoy-off"
    order = 170
    group = SYSTEM
    main = True
    move = Move(
        start=frozenset({VmState.RESCUED}),
        task=TaskState.UNRESCUING,
        end=VmState.ACTIVE,
    )
    doing = _("Ending the rescue")
    api_name = "unrescue"
    steps = (PowerOff(), UnplugRescueDisk(), RemoveRescueDisk(), Define(), PowerOn())
