"""Steps that several verbs share: each looks before it acts, and can be repeated or undone at any point."""

from typing import ClassVar

import structlog
from django.utils.translation import gettext_noop

from compute.driver.errors import DriverError, GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.specs import PowerState
from compute.engine.operations import Run, Step
from compute.instances.actions.claims import claimed
from compute.instances.models import Instance
from compute.instances.services import config_drive, guest_spec, guests, headroom
from compute.instances.states import VmState
from compute.networks.services import host_networks

log = structlog.get_logger(__name__)


class ReserveAddresses(Step):
    """Tell the hypervisor's DHCP server which address each port has."""

    name: ClassVar[str] = "network"
    label: ClassVar[str] = gettext_noop("Connect the network")

    def do(self, run: Run) -> None:
        instance = run.subject
        for port in instance.ports.select_related("network"):
            if instance.hypervisor is not None:
                host_networks.network(instance.hypervisor, port.network).reserve(
                    port.mac, port.address, config_drive.hostname(instance)
                )

    def undo(self, run: Run) -> None:
        if run.subject.launched_at is None:
            release_addresses(run.subject)


class Define(Step):
    """Describe the guest to libvirt."""

    name: ClassVar[str] = "define"
    label: ClassVar[str] = gettext_noop("Define the machine")

    def do(self, run: Run) -> None:
        define(run)

    def undo(self, run: Run) -> None:
        """What was launched once stays defined, whatever a later start came to."""
        instance = run.subject
        if instance.hypervisor is not None and instance.launched_at is None:
            claimed(run, write=False).undefine()


class PowerOn(Step):
    """Start the guest."""

    name: ClassVar[str] = "start"
    label: ClassVar[str] = gettext_noop("Power on")

    def do(self, run: Run) -> None:
        power_on(run)

    def undo(self, run: Run) -> None:
        power_off(run)


class PowerOnIfItRan(PowerOn):
    """Power on what ran before."""

    def do(self, run: Run) -> None:
        if run.subject.restore_to == VmState.ACTIVE:
            super().do(run)


class PowerOff(Step):
    """Pull the plug."""

    name: ClassVar[str] = "power_off"
    label: ClassVar[str] = gettext_noop("Power off")

    def do(self, run: Run) -> None:
        power_off(run)


class PowerOffMeanwhile(PowerOff):
    """Pull the plug for a while; undone, it runs again if it ran before."""

    def undo(self, run: Run) -> None:
        make_anew(run)


class ForgetGuest(Step):
    """Have the hypervisor forget the machine; its disks stay, and what its firmware and TPM remember."""

    name: ClassVar[str] = "undefine"
    label: ClassVar[str] = gettext_noop("Remove the machine")

    def do(self, run: Run) -> None:
        run.check()
        if run.subject.hypervisor is not None:
            claimed(run, write=False).undefine(keep_state=True)


def power_before(instance: Instance) -> VmState:
    """Where a verb that goes there and back ends: running or off, as the instance is now."""
    if instance.vm_state == VmState.RESIZED:
        return VmState(instance.restore_to)
    off = {VmState.STOPPED, VmState.ERROR, VmState.SHELVED}
    return VmState.STOPPED if instance.vm_state in off else VmState.ACTIVE


def make_anew(run: Run) -> None:
    """Define the guest from its rows, and power it on if it ran before: how an undone verb leaves it.

    What never found a host has no guest. What cannot be powered on stays off, which the next comparison with the host
    says; the undoing goes on.
    """
    instance = run.subject
    if instance.hypervisor is None:
        return
    try:
        define(run)
        if instance.restore_to == VmState.ACTIVE:
            power_on(run)
    except DriverError as error:
        if error.retryable:
            raise
        log.warning("not made anew", instance=str(instance.pk), error=str(error))


def define(run: Run) -> None:
    """Describe the guest to libvirt, tagged with this claim."""
    claimed(run, write=False)
    instance = run.subject
    Guest.define(guests.uri(instance), guest_spec.build(instance, run.operation))


def power_on(run: Run) -> None:
    """The guest runs afterwards, and how far it can grow is known."""
    claimed(run).start()
    headroom.record(run.subject)


def power_off(run: Run) -> None:
    """The guest does not run afterwards; one that was never placed or is gone does not either."""
    if run.subject.hypervisor is None:
        return
    try:
        claimed(run, write=False).destroy()
    except GuestNotFound:
        return


def release_addresses(instance: Instance) -> None:
    """Take the addresses back from the hypervisor's DHCP server; the ports' rows stay."""
    if instance.hypervisor is None:
        return
    for port in instance.ports.select_related("network"):
        host_networks.network(instance.hypervisor, port.network).release(port.address)


def is_off(instance: Instance) -> bool:
    """Whether the guest is powered off."""
    return guests.guest(instance).facts().power in {PowerState.SHUT_OFF, PowerState.CRASHED}
