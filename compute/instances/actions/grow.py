"""Grow: a larger flavor for a guest that runs on."""

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from compute.driver.errors import GuestNotFound, GuestNotRunning
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.claims import claimed_growth
from compute.instances.actions.disk_copying import size_of
from compute.instances.actions.size_change import SizeChange, cannot_take
from compute.instances.actions.steps import Define
from compute.instances.models import Flavor, Instance
from compute.instances.services import guests, hardware, headroom, machine_disks
from compute.instances.states import TaskState, VmState
from compute.volumes.models import Disk


class PlugMemory(Step):
    """From here on there is no way back: what a running guest has, it keeps until it is powered off."""

    name: ClassVar[str] = "memory"
    label: ClassVar[str] = gettext_noop("Plug memory in")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        instance = run.subject
        claimed_growth(run).set_memory(instance.ram_mib)

    def undo(self, run: Run) -> None:
        """Undone last, when nothing more is plugged in."""
        keep_what_it_has(run.subject)


class PlugProcessors(Step):
    name: ClassVar[str] = "processors"
    label: ClassVar[str] = gettext_noop("Plug processors in")

    def do(self, run: Run) -> None:
        instance = run.subject
        claimed_growth(run).set_vcpus(instance.vcpus)


class GrowLiveDisk(Step):
    name: ClassVar[str] = "live_disk"
    label: ClassVar[str] = gettext_noop("Grow the disk")

    def do(self, run: Run) -> None:
        instance = run.subject
        disk, size = machine_disks.root(instance), instance.disk_gib * machine_disks.GIB
        claimed_growth(run).resize_disk(disk.device, size)
        Disk.objects.filter(pk=disk.pk).update(size_bytes=size)


class DefineGrown(Define):
    """Describe the machine as it starts next time: with all it has now, and room to grow again."""

    def do(self, run: Run) -> None:
        super().do(run)
        headroom.record(run.subject)


class Grow(SizeChange):
    """Takes `flavor_id`. Needs no confirmation: nothing is stopped, and there is no earlier disk to go back to."""

    verb = "grow"
    label = gettext_lazy("Grow while it runs")
    icon = "arrows-maximize"
    order = 120
    intro = gettext_lazy(
        "It runs on and gets more processors, memory and disk. Nothing of it can be taken back; its system may have "
        "to bring them into use."
    )
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.GROWING,
        end=None,
    )
    doing = gettext_lazy("Growing")
    steps = (PlugMemory(), PlugProcessors(), GrowLiveDisk(), DefineGrown())

    def blocker(self, instance: Instance) -> str:
        return headroom.unknown_reason(instance)

    def misfit(self, instance: Instance, flavor: Flavor) -> str:
        if reason := cannot_take(instance, flavor) or headroom.refusal(instance, flavor):
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


def keep_what_it_has(instance: Instance) -> None:
    """After a growth that was given up: the row says, and quotas count, what could not be taken back.

    One that has all it was to get has the new flavor, else the earlier one's name stays. How the machine is
    defined follows when it is started next, which describes it anew.
    """
    before = instance.resized_from
    if before is None:
        return
    has = {name: before[name] for name in ("vcpus", "ram_mib", "disk_gib")}
    try:
        found = guests.growth(instance).size()
        has["vcpus"] = min(max(found.vcpus, has["vcpus"]), instance.vcpus)
        has["ram_mib"] = min(max(found.memory_mib, has["ram_mib"]), instance.ram_mib)
        headroom.record(instance)
    except (
        GuestNotRunning,
        GuestNotFound,
    ):  # what was plugged in went when it was powered off; its disk did not
        pass
    if size_of(machine_disks.root(instance)) >= instance.disk_gib * machine_disks.GIB:
        has["disk_gib"] = instance.disk_gib
    is_whole = all(getattr(instance, name) == amount for name, amount in has.items())
    transitions.change(instance, **({} if is_whole else before | has), resized_from=None)
