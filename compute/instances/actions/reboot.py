"""Reboot: ask the guest to restart. Force reboot: power off, define anew, power on."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.driver.specs import GuestEventKind
from compute.engine.actions.base import Action
from compute.engine.operations import Run, Step, Wait
from compute.hosts.services import hosts
from compute.instances.actions.steps import Define, PowerOff, PowerOn, ReserveAddresses, is_off, power_on
from compute.instances.actions.stop import PRESS_AGAIN, began
from compute.instances.services import hardware


class Restart(Step):
    """Ask, and wait for libvirt's word that the guest did; after the time of grace, press reset."""

    name: ClassVar[str] = "restart"
    label: ClassVar[str] = gettext_noop("Restart")

    def do(self, run: Run) -> None:
        guest = hosts.guest(run.instance)
        if run.woken_by == GuestEventKind.REBOOTED:
            return
        if is_off(run.instance):  # it took the button for an off switch
            run.check()
            power_on(run.instance)
            return
        deadline = began(run, self) + hardware.grace(run.instance)
        run.check()
        if timezone.now() >= deadline:
            guest.reset()
            return
        guest.reboot()
        raise Wait(until=min(deadline, timezone.now() + PRESS_AGAIN))


class Reboot(Action):
    verb = "reboot"
    label = _("Reboot")
    icon = "refresh"
    steps = (Restart(),)


class ForceReboot(Action):
    """Also the way out of ERROR: whatever the guest was, it is made anew from its rows and disk."""

    verb = "force_reboot"
    label = _("Force reboot")
    icon = "refresh-alert"
    danger = True
    confirm = _("This is like pressing the reset button: what the guest has not yet saved is lost.")
    steps = (PowerOff(), ReserveAddresses(), Define(), PowerOn())
