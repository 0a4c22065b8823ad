"""Purge: remove the guest, its addresses and its disks for good."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.driver.errors import GuestNotFound
from compute.driver.guest.domain import Guest
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.instances.actions.image_making import forget_shelved_image
from compute.instances.actions.steps import ForgetGuest, PowerOff, release_addresses
from compute.instances.models import ConsoleToken, Schedule
from compute.instances.services import guest_spec, hardware, transitions
from compute.networks.models import Port


class ForgetGuestForGood(ForgetGuest):
    """Have the hypervisor forget the machine and all that it remembers."""

    def do(self, run: Run) -> None:
        instance = run.instance
        run.check()
        if instance.hypervisor is None:
            return
        if hardware.of(instance).tpm is not None:
            # Of a shelved one only the TPM's state is left, which libvirt removes with its guest alone.
            try:
                Guest.lookup(hosts.uri(instance), str(instance.pk))
            except GuestNotFound:
                Guest.define(hosts.uri(instance), guest_spec.of(instance, run.operation))
        hosts.guest(instance).undefine()


class ReleaseAddresses(Step):
    """Give its addresses back."""

    name: ClassVar[str] = "release"
    label: ClassVar[str] = gettext_noop("Release the addresses")

    def do(self, run: Run) -> None:
        run.check()
        release_addresses(run.instance)


class RemoveDisks(Step):
    """Delete its disk, config drive, firmware's variables, log and socket."""

    name: ClassVar[str] = "disks"
    label: ClassVar[str] = gettext_noop("Delete the disks")

    def do(self, run: Run) -> None:
        instance = run.instance
        run.check()
        if instance.hypervisor is not None:
            pool = hosts.pool(instance.hypervisor)
            for name in instance.volume_names:
                pool.delete(name)
        for file in (hosts.nvram(instance), hosts.console_log(instance), hosts.vnc_socket(instance)):
            file.unlink(missing_ok=True)


class Purge(Action):
    verb = "purge"
    label = _("Delete for good")
    icon = "trash-x"
    danger = True
    confirm = _("Its disk is erased. This cannot be undone.")
    steps = (PowerOff(), ForgetGuestForGood(), ReleaseAddresses(), RemoveDisks())

    def succeeded(self, operation: Operation) -> None:
        instance = operation.instance
        forget_shelved_image(instance)
        Port.objects.filter(instance=instance).delete()
        ConsoleToken.objects.filter(instance=instance).delete()
        Schedule.objects.filter(instance=instance).delete()
        transitions.change(instance, deleted_at=instance.deleted_at or timezone.now(), hypervisor=None)
        super().succeeded(operation)
