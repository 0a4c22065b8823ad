"""Steps that several actions share. Each can be repeated or undone at any point."""

from typing import ClassVar

import structlog
from django.utils.translation import gettext_noop

from compute.driver.errors import DriverError, GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.specs import PowerState
from compute.engine.operations import Run, Step
from compute.instances.actions.claims import claim_guest
from compute.instances.models import Instance
from compute.instances.services import config_drive, guest_spec, guests, headroom
from compute.instances.states import VmState
from compute.networks.services import host_networks

log = structlog.get_logger(__name__)


class ReserveAddresses(Step):
    """Reserve each port's address at the hypervisor's DHCP server."""

    name: ClassVar[str] = "network"
    label: ClassVar[str] = gettext_noop("Connect the network")

    def do(self, run: Run) -> None:
        instance = run.subject
        for port in instance.ports.select_related("network"):
            if instance.hypervisor is not None:
                name = config_drive.hostname(instance).partition(".")[0]
                network = host_networks.network(instance.hypervisor, port.network)
                network.reserve(port.mac, port.address, name)

    def undo(self, run: Run) -> None:
        if run.subject.launched_at is None:
            release_addresses(run.subject)


class Define(Step):
    """Define the guest in libvirt."""

    name: ClassVar[str] = "define"
    label: ClassVar[str] = gettext_noop("Define the machine")

    def do(self, run: Run) -> None:
        define(run)

    def undo(self, run: Run) -> None:
        """Undefine the guest, unless it was launched before."""
        instance = run.subject
        if instance.hypervisor is not None and instance.launched_at is None:
            claim_guest(run, write=False).undefine()


class PowerOn(Step):
    """Start the guest."""

    name: ClassVar[str] = "start"
    label: ClassVar[str] = gettext_noop("Power on")

    def do(self, run: Run) -> None:
        power_on(run)

    def undo(self, run: Run) -> None:
        power_off(run)


class RestorePower(PowerOn):
    """Power on the guest if it ran before."""

    def do(self, run: Run) -> None:
        if run.subject.restore_to == VmState.ACTIVE:
            super().do(run)


class PowerOff(Step):
    """Power off the guest at once."""

    name: ClassVar[str] = "power_off"
    label: ClassVar[str] = gettext_noop("Power off")

    def do(self, run: Run) -> None:
        power_off(run)


class PowerOffTemporarily(PowerOff):
    """Power off the guest. Undone, it is powered on again if it ran before."""

    def undo(self, run: Run) -> None:
        redefine(run)


class UndefineGuest(Step):
    """Undefine the guest. Its disks, NVRAM and TPM state stay."""

    name: ClassVar[str] = "undefine"
    label: ClassVar[str] = gettext_noop("Remove the machine")

    def do(self, run: Run) -> None:
        run.check()
        if run.subject.hypervisor is not None:
            claim_guest(run, write=False).undefine(keep_state=True)


def state_to_restore(instance: Instance) -> VmState:
    """Return the state that ends an action which preserves the power state: ACTIVE or STOPPED."""
    if instance.vm_state == VmState.RESIZED:
        return VmState(instance.restore_to)
    # As in Nova, one in ERROR runs afterwards: its state no longer tells whether it ran before.
    off = {VmState.STOPPED, VmState.SHELVED}
    return VmState.STOPPED if instance.vm_state in off else VmState.ACTIVE


def redefine(run: Run) -> None:
    """Define the guest from its rows, and power it on if it ran before, to end an undo.

    An instance without a host has no guest. A guest that cannot be powered on stays off, which the next full sync
    records; the undo continues.
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
        log.warning("not redefined", instance=str(instance.pk), error=str(error))


def define(run: Run) -> None:
    """Define the guest in libvirt, tagged with this claim."""
    instance = run.subject
    claim_guest(run, instance, write=False)
    Guest.define(guests.uri(instance), guest_spec.build(instance, run.operation))


def power_on(run: Run) -> None:
    """Power on the guest, which this operation has defined, and record its headroom."""
    instance = run.subject
    claim_guest(run, instance).start()
    headroom.record_planned(instance)


def power_off(run: Run) -> None:
    """Power off the guest; do nothing if it has no host or does not exist."""
    if run.subject.hypervisor is None:
        return
    try:
        claim_guest(run, write=False).destroy()
    except GuestNotFound:
        return


def release_addresses(instance: Instance) -> None:
    """Release the addresses at the hypervisor's DHCP server; the ports' rows stay."""
    if instance.hypervisor is None:
        return
    for port in instance.ports.select_related("network"):
        host_networks.network(instance.hypervisor, port.network).release(port.address)


def is_off(instance: Instance) -> bool:
    """Return whether the guest is powered off."""
    return guests.guest(instance).facts().power in {PowerState.SHUT_OFF, PowerState.CRASHED}
