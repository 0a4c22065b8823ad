"""Clone: a new instance with a copy of another's disk, and its own id, name, cards and config drive.

One operation occupies both: nothing else happens to the source while its disk is copied, and the new instance starts
as soon as it is.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import Conflict, OverQuota
from accounts.names import clean_name
from accounts.services import quotas
from compute.driver.guest import state_files
from compute.engine.actions.base import CANCELLED
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, queue
from compute.engine.services import transitions
from compute.images.models import Image
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.disk_copying import copy_while_it_runs, live_copy, runs, size_of
from compute.instances.actions.launch import WriteConfigDrive
from compute.instances.actions.steps import Define, PowerOn, ReserveAddresses
from compute.instances.models import Instance
from compute.instances.services import (
    expiry,
    flavors,
    guests,
    hardware,
    machine_disks,
    resources,
    scheduler,
    server_groups,
)
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.networks.services import addresses
from compute.volumes.models import Disk
from compute.volumes.services import disks

OUTSIDE = "outside_group"
"""The parameter that says why a clone is not in its source's server group."""

COPIED = (
    "project",
    *flavors.COPIED_FIELDS,
    "image",
    "hypervisor",
    "hardware",
    "description",
    "key_name",
    "public_key",
    "user_data",
    "metadata",
    "tags",
    "server_group",
)


class CopyDisk(Step):
    """Copy the source's disk: of one that runs while it runs, of one that is off by copying the file."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        source, copy = run.subject, _copy(run.operation)
        for disk, its in machine_disks.pairs(source, copy):
            pool = disks.pool_of(disk)
            if pool.stat(its.volume_name) is not None:
                continue
            if runs(source):
                self._copy_live(run, source, disk, its)
            else:
                pool.copy(disk.volume_name, its.volume_name, run.progress)

    def _copy_live(self, run: Run, source: Instance, disk: Disk, its: Disk) -> None:
        pool, name = disks.pool_of(disk), its.partial_name

        def make_volume() -> None:
            pool.delete(name)  # of a copy that was cut off
            if disk.image is None:
                pool.create(name, size_of(disk))
            else:
                pool.overlay(name, disk.image.volume_name, size_of(disk), disk.image.volume_format)

        live = live_copy(source, disk, name, stands_alone=disk.image is None)
        copy_while_it_runs(run, live, make_volume, run.progress)
        pool.rename(name, its.volume_name)

    def undo(self, run: Run) -> None:
        source, copy = run.subject, _copy(run.operation)
        for disk, its in machine_disks.pairs(source, copy):
            live_copy(source, disk, its.partial_name, stands_alone=disk.image is None).end()
            disks.delete_volume(its)


class CopyMemories(Step):
    """Copy what its firmware and its TPM remember: how it boots, and keys to which the disk may be sealed."""

    name: ClassVar[str] = "memories"
    label: ClassVar[str] = gettext_noop("Copy what firmware and TPM remember")

    def do(self, run: Run) -> None:
        source, copy = run.subject, _copy(run.operation)
        run.check()
        state_files.copy_nvram(guests.nvram(source), guests.nvram(copy))
        if hardware.spec_of(source).tpm is not None:
            state_files.copy_tpm_state(str(source.pk), str(copy.pk))

    def undo(self, run: Run) -> None:
        copy = _copy(run.operation)
        state_files.delete(guests.nvram(copy), str(copy.pk))


class OfCopy(Step):
    """A step of a launch, done for the new instance."""

    def __init__(self, step: Step) -> None:
        self.name = step.name  # type: ignore[misc]
        self.label = step.label  # type: ignore[misc]
        self._step = step

    def do(self, run: Run) -> None:
        self._step.do(run.about(_copy(run.operation)))

    def undo(self, run: Run) -> None:
        self._step.undo(run.about(_copy(run.operation)))


class Clone(InstanceAction):
    """Takes `name`. The new instance has the same size, image, labels, key, user data, server group and firmware.

    It stands beside its source. Where their server group forbids that, or is full, it is made outside the group, and
    the operation says why.
    """

    verb = "clone"
    label = gettext_lazy("Clone")
    icon = "copy"
    order = 190
    intro = gettext_lazy(
        "A new instance of the same size, image, SSH key, labels and server group gets a copy of its disk and of what "
        "its firmware and TPM remember, and its own id and addresses. One that runs is copied while it runs on: the "
        "copy is what its disk holds when the copying ends, as after a power cut."
    )
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED, VmState.SHELVED},
        task=TaskState.CLONING,
        end=None,
    )
    doing = gettext_lazy("Cloning")
    reserves = True
    bulk = False
    fields = ("name",)
    asks = True
    cancellable = True
    steps = (
        CopyDisk(),
        CopyMemories(),
        OfCopy(ReserveAddresses()),
        OfCopy(WriteConfigDrive()),
        OfCopy(Define()),
        OfCopy(PowerOn()),
    )

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"name": f"{instance.name[:240]}-clone"}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make the new instance's rows. Raises BadInput naming `name`, OverQuota, Conflict (no room, no address)."""
        name = clean_name(parameters.get("name"))
        quotas.reserve(instance.project, resources.amounts(instance), context.user)
        copy = Instance.objects.create(
            user=context.user,
            name=name,
            task_state=TaskState.STORAGE,
            expires_at=expiry.default(),
            **{field: getattr(instance, field) for field in COPIED},
        )
        ports = list(instance.ports.select_related("network").order_by("created_at", "pk"))
        addresses.lock(port.network for port in ports)
        outside = _join_group(context, copy)
        scheduler.check(copy)
        for port in ports:
            addresses.plug(copy, copy.project, port.network)
        machine_disks.mirror(instance, copy)
        transitions.change(copy)
        return {"copy": str(copy.pk), "name": name} | ({OUTSIDE: outside} if outside else {})

    def also(self, instance: Instance, kept: dict[str, Any]) -> Iterable[Instance]:
        return [Instance.objects.get(pk=kept["copy"])]

    def sharing(self, instance: Instance, kept: dict[str, Any]) -> Iterable[Image]:
        return [instance.image] if instance.image else []

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        copy = _locked_copy(operation)
        task_state = copy.task_state if queue.is_awaited(operation, copy.pk) else None
        transitions.settle(copy, VmState.ACTIVE, task_state=task_state)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        _give_up(operation, operation.error)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        _give_up(operation, CANCELLED)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        _give_up(operation, self.locked(operation).fault)


def _join_group(context: Context, copy: Instance) -> str:
    """Keep the copy in its source's server group if it may be there, else say why not."""
    group = copy.server_group
    if group is None:
        return ""
    try:
        server_groups.enforce_members(group, context.user, 0)
        scheduler.check_group(copy)
    except (Conflict, OverQuota) as error:
        transitions.change(copy, server_group=None)
        return _("It is not in the server group %(group)s. %(reason)s") % {
            "group": group.name,
            "reason": error,
        }
    return ""


def _give_up(operation: Operation, error: dict[str, str] | None) -> None:
    """The new instance is in error, unless it is gone or being deleted already."""
    copy = _locked_copy(operation)
    if copy.vm_state != VmState.DELETED and not queue.is_awaited(operation, copy.pk):
        transitions.fail(copy, error, VmState.ERROR)


def _copy(operation: Operation) -> Instance:
    return Instance.objects.select_related("hypervisor", "image", "project").get(
        pk=operation.parameters["copy"]
    )


def _locked_copy(operation: Operation) -> Instance:
    return Instance.objects.select_for_update().get(pk=operation.parameters["copy"])
