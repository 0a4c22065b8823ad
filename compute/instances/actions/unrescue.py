"""Unrescue: boot from the instance's own disk again and forget the rescue disk."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.actions.base import Action
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.instances.actions.steps import Define, PowerOff, PowerOn
from compute.instances.services import transitions


class LeaveRescue(Step):
    """From here on the machine is described with its own disk only."""

    name: ClassVar[str] = "leave_rescue"
    label: ClassVar[str] = gettext_noop("Take the rescue disk out")

    def do(self, run: Run) -> None:
        run.check()
        transitions.change(run.instance, rescue_image=None)


class RemoveRescueDisk(Step):
    name: ClassVar[str] = "rescue_disk"
    label: ClassVar[str] = gettext_noop("Delete the rescue disk")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.instance
        if instance.hypervisor is not None:
            hosts.pool(instance.hypervisor).delete(instance.rescue_disk_name)


class Unrescue(Action):
    verb = "unrescue"
    label = _("End the rescue")
    icon = "lifebuoy-off"
    steps = (PowerOff(), LeaveRescue(), RemoveRescueDisk(), Define(), PowerOn())
