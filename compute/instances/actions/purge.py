"""Purge: delete the guest, its addresses and its disks for good."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from compute.driver.errors import GuestNotFound
from compute.driver.guest.domain import Guest
from compute.engine import operations
from compute.engine.actions.begin import try_begin
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.hosts.services import pools
from compute.instances.actions.base import REMOVAL, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.image_making import discard_shelved_image
from compute.instances.actions.steps import PowerOff, UndefineGuest, release_addresses
from compute.instances.models import ConsoleToken, Instance, Schedule
from compute.instances.services import guest_spec, guests, hardware, instance_snapshots, volume_disks
from compute.instances.states import ANY_TASK, EXISTING, TaskState, VmState
from compute.networks.models import Port
from compute.volumes.models import Disk, Volume
from compute.volumes.services import disks
from compute.volumes.states import SnapshotState


class UndefineGuestAndState(UndefineGuest):
    """Undefine the guest with its NVRAM and TPM state."""

    def do(self, run: Run) -> None:
        instance = run.subject
        run.check()
        if instance.hypervisor is None:
            return
        if hardware.spec_of(instance).tpm is not None:
            # A shelved instance has no guest, but a TPM state, which libvirt deletes only when it undefines a guest.
            try:
                Guest.lookup(guests.uri(instance), str(instance.pk))
            except GuestNotFound:
                Guest.define(guests.uri(instance), guest_spec.build(instance, run.operation))
        claim_guest(run, write=False).undefine()


class ReleaseAddresses(Step):
    name: ClassVar[str] = "release"
    label: ClassVar[str] = gettext_noop("Release the addresses")

    def do(self, run: Run) -> None:
        run.check()
        release_addresses(run.subject)


class RemoveDisks(Step):
    """Delete the disks with their snapshots, the NVRAM file, the console log and the VNC socket."""

    name: ClassVar[str] = "disks"
    label: ClassVar[str] = gettext_noop("Delete the disks")

    def do(self, run: Run) -> None:
        instance = run.subject
        run.check()
        for snapshot in instance.snapshots.exclude(memory_pool=None).select_related("memory_pool"):
            pools.handle(snapshot.memory_pool).delete(snapshot.memory_name)
        for disk in instance.disks.exclude(role=Disk.Role.VOLUME).select_related("pool"):
            disks.remove(disk)
        for file in (guests.nvram(instance), guests.console_log(instance), guests.vnc_socket(instance)):
            file.unlink(missing_ok=True)


class Purge(InstanceAction):
    verb = "purge"
    label = _("Delete for good")
    icon = "trash-x"
    order = 340
    group = REMOVAL
    powers_off = True
    move = Move(
        start=EXISTING | {VmState.SOFT_DELETED},
        task=TaskState.DELETING,
        end=VmState.DELETED,
        failed=VmState.ERROR,
        interrupts=ANY_TASK,
    )
    doing = _("Removing for good")
    api_name = "forceDelete"
    api_history = "delete"
    danger = True
    confirm = _("Its disk is erased. This cannot be undone.")
    needs_guest = False
    steps = (PowerOff(), UndefineGuestAndState(), ReleaseAddresses(), RemoveDisks())

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Volume]:
        """Return its volumes, which are released at the end."""
        return volume_disks.lock(instance)

    def succeeded(self, operation: Operation) -> None:
        instance = self.locked(operation)
        discard_shelved_image(instance)
        Port.objects.filter(instance=instance).delete()
        ConsoleToken.objects.filter(instance=instance).delete()
        Schedule.objects.filter(instance=instance).delete()
        transitions.change(instance, deleted_at=instance.deleted_at or timezone.now(), hypervisor=None)
        operations.settle_stuck(instance)
        for volume in volume_disks.release(instance):
            try_begin("volume.delete", volume.pk, only=Q(), reason="terminated")
        for snapshot in instance_snapshots.existing(instance):
            transitions.settle(snapshot, SnapshotState.DELETED)
        super().succeeded(operation)
