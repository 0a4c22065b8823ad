"""Purge: remove the guest, its addresses and its disks for good."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.actions.base import Action
from compute.actions.steps import ForgetGuest, PowerOff, release_addresses
from compute.models import ConsoleToken, Operation, Port, Schedule
from compute.operations import Run, Step
from compute.services import hosts, transitions


class ReleaseAddresses(Step):
    """Give its addresses back."""

    name: ClassVar[str] = "release"
    label: ClassVar[str] = gettext_noop("Release the addresses")

    def do(self, run: Run) -> None:
        run.check()
        release_addresses(run.instance)


class RemoveDisks(Step):
    """Delete its disk, config drive, log and socket."""

    name: ClassVar[str] = "disks"
    label: ClassVar[str] = gettext_noop("Delete the disks")

    def do(self, run: Run) -> None:
        instance = run.instance
        run.check()
        if instance.hypervisor is not None:
            pool = hosts.pool(instance.hypervisor)
            for name in instance.volume_names:
                pool.delete(name)
        for file in (hosts.console_log(instance), hosts.vnc_socket(instance)):
            file.unlink(missing_ok=True)


class Purge(Action):
    verb = "purge"
    label = _("Delete for good")
    icon = "trash-x"
    danger = True
    confirm = _("Its disk is erased. This cannot be undone.")
    steps = (PowerOff(), ForgetGuest(), ReleaseAddresses(), RemoveDisks())

    def succeeded(self, operation: Operation) -> None:
        instance = operation.instance
        Port.objects.filter(instance=instance).delete()
        ConsoleToken.objects.filter(instance=instance).delete()
        Schedule.objects.filter(instance=instance).delete()
        transitions.change(instance, deleted_at=instance.deleted_at or timezone.now(), hypervisor=None)
        super().succeeded(operation)
