"""Grow: give a running guest a larger flavor."""

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from compute.driver.errors import GuestNotFound, GuestNotRunning
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.base import SYSTEM
from compute.instances.actions.claims import claim_growth
from compute.instances.actions.disk_copying import disk_capacity
from compute.instances.actions.size_change import SizeChange, size_refusal
from compute.instances.actions.steps import Define
from compute.instances.models import Flavor, Instance
from compute.instances.services import guests, hardware, headroom, machine_disks
from compute.instances.states import TaskState, VmState
from compute.volumes.models import Disk


class PlugMemory(Step):
    """Plug memory into the guest. Final, since a running guest keeps its memory until power-off."""

    name: ClassVar[str] = "memory"
    label: ClassVar[str] = gettext_noop("Plug memory in")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        instance = run.subject
        claim_growth(run).set_memory(instance.ram_mib)

    def undo(self, run: Run) -> None:
        """Record the partial growth. Undone last, after all other steps."""
        record_partial_growth(run.subject)


class PlugVcpus(Step):
    name: ClassVar[str] = "processors"
    label: ClassVar[str] = gettext_noop("Plug processors in")

    def do(self, run: Run) -> None:
        instance = run.subject
        claim_growth(run).set_vcpus(instance.vcpus)


class GrowLiveDisk(Step):
    name: ClassVar[str] = "live_disk"
    label: ClassVar[str] = gettext_noop("Grow the disk")

    def do(self, run: Run) -> None:
        instance = run.subject
        if instance.boots_from_volume:
            return  # volumes are extended by themselves
        disk, size = machine_disks.root(instance), instance.disk_gib * machine_disks.GIB
        claim_growth(run).resize_disk(disk.device, size)
        Disk.objects.filter(pk=disk.pk).update(size_bytes=size)


class RedefineGuest(Define):
    """Define the guest for its next start: with its present size, and headroom to grow again."""

    def do(self, run: Run) -> None:
        super().do(run)
        headroom.record(run.subject)


class Grow(SizeChange):
    """Grow to a larger flavor. Takes `flavor_id`. There is no snapshot to revert to, so no confirmation follows."""

    verb = "grow"
    label = gettext_lazy("Resize live")
    icon = "arrows-maximize"
    order = 120
    group = SYSTEM
    intro = gettext_lazy(
        "Adds vCPUs, memory and disk while it runs. This cannot be undone. The guest may need to activate the new "
        "resources."
    )
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.GROWING,
        end=None,
    )
    doing = gettext_lazy("Resizing live")
    steps = (PlugMemory(), PlugVcpus(), GrowLiveDisk(), RedefineGuest())

    def blocker(self, instance: Instance) -> str:
        return super().blocker(instance) or headroom.unknown_reason(instance)

    def refusal(self, instance: Instance, flavor: Flavor) -> str:
        if reason := size_refusal(instance, flavor) or headroom.refusal(instance, flavor):
            return reason
        if (flavor.ephemeral_gib, flavor.swap_mib) != (instance.ephemeral_gib, instance.swap_mib):
            return _("It has other ephemeral or swap disks, for which the machine must be off: resize it.")
        after, image = flavor.extra_specs, instance.hardware.get("image", {})
        if hardware.resolve(after, image, flavor.vcpus) != hardware.spec_of(instance):
            return _("It also changes the machine itself, for which the machine must be off: resize it.")
        return ""

    def succeeded(self, operation: Operation) -> None:
        transitions.change(self.locked(operation), resized_from=None)
        super().succeeded(operation)


def record_partial_growth(instance: Instance) -> None:
    """Record the size that the guest has after a failed growth, so that quotas count it.

    A guest that has the whole new size keeps the new flavor, any other the name of the earlier one. The next start
    defines the guest with this size.
    """
    before = instance.resized_from
    if before is None:
        return
    sizes = {name: before[name] for name in ("vcpus", "ram_mib", "disk_gib")}
    try:
        present = guests.growth(instance).size()
        sizes["vcpus"] = min(max(present.vcpus, sizes["vcpus"]), instance.vcpus)
        sizes["ram_mib"] = min(max(present.memory_mib, sizes["ram_mib"]), instance.ram_mib)
        headroom.record(instance)
    except (
        GuestNotRunning,
        GuestNotFound,
    ):  # what was plugged in went when it was powered off; its disk did not
        pass
    if disk_capacity(machine_disks.root(instance)) >= instance.disk_gib * machine_disks.GIB:
        sizes["disk_gib"] = instance.disk_gib
    is_whole = all(getattr(instance, name) == amount for name, amount in sizes.items())
    transitions.change(instance, **({} if is_whole else before | sizes), resized_from=None)
