"""Resize: another flavor on the same host, kept so that it can be taken back until it is confirmed."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.services import quotas
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.images.services import images
from compute.instances.actions.launch import GIB
from compute.instances.actions.steps import Define, PowerOff, PowerOnIfItRan, make_anew, power_before
from compute.instances.actions.stop import ShutDown
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors, hardware, scheduler, transitions
from compute.instances.states import VmState

KEPT = "before-resize"


class KeepOldDisk(Step):
    """Keep the disk as it is, with its size."""

    name: ClassVar[str] = "keep_disk"
    label: ClassVar[str] = gettext_noop("Keep the present disk")

    def do(self, run: Run) -> None:
        run.check()
        hosts.pool_of(run.instance).snapshot(run.instance.disk_name, KEPT)

    def undo(self, run: Run) -> None:
        pool, disk = hosts.pool_of(run.instance), run.instance.disk_name
        pool.revert(disk, KEPT)
        pool.delete_snapshot(disk, KEPT, hosts.guest(run.instance))


class GoDown(ShutDown):
    """Shut down; undone last, it leaves the machine as it was, with its size of before."""

    def undo(self, run: Run) -> None:
        take_back_size(run.instance)
        make_anew(run)


class GrowDisk(Step):
    name: ClassVar[str] = "grow_disk"
    label: ClassVar[str] = gettext_noop("Grow the disk")

    def do(self, run: Run) -> None:
        instance = run.instance
        run.check()
        hosts.pool_of(instance).resize(instance.disk_name, instance.disk_gib * GIB)


class GoBackToOldDisk(Step):
    name: ClassVar[str] = "old_disk"
    label: ClassVar[str] = gettext_noop("Go back to the earlier disk")

    def do(self, run: Run) -> None:
        run.check()
        hosts.pool_of(run.instance).revert(run.instance.disk_name, KEPT)
        take_back_size(run.instance)


class LetGoOfOldDisk(Step):
    name: ClassVar[str] = "let_go"
    label: ClassVar[str] = gettext_noop("Let go of the earlier disk")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.instance
        if instance.hypervisor is not None:
            hosts.pool_of(instance).delete_snapshot(instance.disk_name, KEPT, hosts.guest(instance))


class Resize(Action):
    """Takes `flavor_id`. Disks only grow: what the guest keeps on them is its own affair."""

    verb = "resize"
    label = gettext_lazy("Resize")
    icon = "resize"
    bulk = False
    fields = ("flavor_id",)
    asks = True
    cancellable = True
    steps: tuple[Step, ...] = (GoDown(), PowerOff(), KeepOldDisk(), GrowDisk(), Define(), PowerOnIfItRan())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Count the new size at once. Raises BadInput naming `flavor_id`, OverQuota, Conflict (no room)."""
        flavor = self._wanted(context, instance, parameters.get("flavor_id"))
        before = _size(instance)
        _reserve_growth(instance, flavor.vcpus, flavor.ram_mib, flavor.disk_gib)
        transitions.change(
            instance,
            **flavors.copied(flavor),
            hardware=hardware.resized(instance, flavor),
            resized_from=before,
            restore_to=power_before(instance),
        )
        scheduler.check(instance)
        return {"from": before["flavor_id"], "to": flavor.pk, "host": str(instance.hypervisor or "")}

    def misfit(self, instance: Instance, flavor: Flavor) -> str:
        """Why the instance cannot be given the flavor, whatever the quota says; empty when it can."""
        return does_not_fit(instance, flavor)

    def failed(self, operation: Operation) -> None:
        take_back_size(operation.instance)
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        take_back_size(operation.instance)
        super().cancelled(operation)

    def _wanted(self, context: Context, instance: Instance, flavor_id: object) -> Flavor:
        try:
            flavor = flavors.get(context, flavor_id)
        except NotFound as error:
            raise BadInput(fields={"flavor_id": error.text}) from error
        if reason := self.misfit(instance, flavor):
            raise BadInput(fields={"flavor_id": reason})
        return flavor


class ConfirmResize(Action):
    verb = "confirm_resize"
    label = gettext_lazy("Confirm the new size")
    icon = "check"
    steps = (LetGoOfOldDisk(),)

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)

    def succeeded(self, operation: Operation) -> None:
        transitions.change(operation.instance, resized_from=None)
        super().succeeded(operation)


class RevertResize(Action):
    verb = "revert_resize"
    label = gettext_lazy("Go back to the earlier size")
    icon = "arrow-back-up"
    confirm = gettext_lazy("Its disk becomes what it was before the resize; later changes on it are lost.")
    steps = (PowerOff(), GoBackToOldDisk(), LetGoOfOldDisk(), Define(), PowerOnIfItRan())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """What was given up by making it smaller must fit again. Raises OverQuota."""
        before = instance.resized_from or _size(instance)
        _reserve_growth(instance, before["vcpus"], before["ram_mib"], before["disk_gib"])
        return {}

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)


def take_back_size(instance: Instance) -> None:
    """The sizes before the resize; nothing where they are back already."""
    before = instance.resized_from
    if before is None:
        return
    transitions.change(instance, **before, resized_from=None)


def does_not_fit(instance: Instance, flavor: Flavor) -> str:
    """Why the instance cannot take the flavor, whatever the quota says; empty when it can."""
    if flavors.copied(flavor) == {name: getattr(instance, name) for name in flavors.COPIED}:
        return _("It has this size already.")
    if flavor.disk_gib < instance.disk_gib:
        return _("Its disk has %(now)s GiB and cannot shrink to %(asked)s GiB.") % {
            "now": instance.disk_gib,
            "asked": flavor.disk_gib,
        }
    if instance.image and (reason := images.does_not_fit(instance.image, flavor)):
        return reason
    return hardware.refusal(flavor.extra_specs, instance.hardware.get("image", {}), flavor.vcpus)


def growth(instance: Instance, vcpus: int, ram_mib: int, disk_gib: int) -> dict[str, int]:
    """What the instance would take more of each resource; what shrinks is left out."""
    more = {
        "cores": vcpus - instance.vcpus,
        "ram": ram_mib - instance.ram_mib,
        "gigabytes": disk_gib - instance.disk_gib,
    }
    return {name: amount for name, amount in more.items() if amount > 0}


def _size(instance: Instance) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in (*flavors.COPIED, "hardware")}


def _reserve_growth(instance: Instance, vcpus: int, ram_mib: int, disk_gib: int) -> None:
    """Only what grows has to fit: a smaller size is allowed even to a project over its quota."""
    quotas.reserve(instance.project, growth(instance, vcpus, ram_mib, disk_gib), instance.user)
