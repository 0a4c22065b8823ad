"""Stop: ask the guest to shut down, and power it off after the grace period."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Wait
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import is_off
from compute.instances.services import hardware
from compute.instances.states import TaskState, VmState

RETRY_INTERVAL = timedelta(seconds=10)


class ShutDown(Step):
    """Ask the guest to shut down and wait for libvirt's event without occupying a worker.

    A guest that is still booting ignores the request, so it is repeated.
    """

    name: ClassVar[str] = "shut_down"
    label: ClassVar[str] = gettext_noop("Shut down")

    def do(self, run: Run) -> None:
        instance = run.subject
        if is_off(instance):
            return
        deadline = started_at(run, self) + hardware.grace(instance)
        if timezone.now() >= deadline:
            claim_guest(run, write=False).destroy()
            return
        claim_guest(run).shut_down()
        raise Wait(until=min(deadline, timezone.now() + RETRY_INTERVAL))


def started_at(run: Run, step: Step) -> datetime:
    """Return when the step began first. The grace period counts from there across workers."""
    entry = next(entry for entry in run.operation.timeline if entry["name"] == step.name)
    return datetime.fromisoformat(entry["began"])


class Stop(InstanceAction):
    verb = "stop"
    label = _("Stop")
    icon = "player-stop"
    order = 20
    group = POWER
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
