"""Reboot: ask the guest to restart. Force reboot: power off, redefine, power on."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.openstack.schema import Schema, explained, object_of
from compute.driver.specs import GuestEventKind
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Wait
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import Define, PowerOff, PowerOn, ReserveAddresses, is_off, power_on
from compute.instances.actions.stop import RETRY_INTERVAL, started_at
from compute.instances.services import hardware, headroom
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState

_SOFT_OR_HARD: Schema = {"type": "string", "pattern": "^([Ss][Oo][Ff][Tt]|[Hh][Aa][Rr][Dd])$"}


class Restart(Step):
    """Ask the guest to restart and wait for libvirt's event. Reset it after the grace period."""

    name: ClassVar[str] = "restart"
    label: ClassVar[str] = gettext_noop("Restart")

    def do(self, run: Run) -> None:
        if run.woken_by == GuestEventKind.REBOOTED:
            return
        if is_off(run.subject):  # it took the button for an off switch
            power_on(run)
            headroom.record(run.subject)  # an earlier version may have defined it
            return
        deadline = started_at(run, self) + hardware.grace(run.subject)
        if timezone.now() >= deadline:
            claim_guest(run).reset()
            return
        claim_guest(run).reboot()
        raise Wait(until=min(deadline, timezone.now() + RETRY_INTERVAL))


class Reboot(InstanceAction):
    verb = "reboot"
    label = _("Reboot")
    icon = "refresh"
    order = 30
    group = POWER
    main = True
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.REBOOTING,
        end=VmState.ACTIVE,
    )
    doing = _("Restarting")
    schedulable = True
    api_name = "reboot"
    api_body = object_of({"type": explained(_SOFT_OR_HARD, _("Say SOFT or HARD."))})
    steps = (Restart(),)


class ForceReboot(InstanceAction):
    """Restart by force. It also leaves ERROR, since the guest is defined from its rows and disks."""

    verb = "force_reboot"
    label = _("Force reboot")
    icon = "refresh-alert"
    order = 40
    group = POWER
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED, VmState.ERROR},
        task=TaskState.REBOOTING_HARD,
        end=VmState.ACTIVE,
    )
    doing = _("Restarting by force")
    api_history = "reboot"
    danger = True
    confirm = _("This is like pressing the reset button: what the guest has not yet saved is lost.")
    steps = (PowerOff(), ReserveAddresses(), Define(), PowerOn())
