"""Clone: a new instance with copies of another's disks, and its own id, name, ports and config drive.

One operation holds both instances, so that no other changes the source while its disks are copied. The new instance
starts once they are.
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
from compute.instances.actions.base import COPIES, InstanceAction
from compute.instances.actions.disk_copying import copy_live, disk_capacity, is_running, live_copy
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

OUTSIDE_GROUP = "outside_group"
"""The parameter with the reason why a clone is outside its source's server group."""

COPIED_FIELDS = (
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
    """Copy the source's disks: live if the guest runs, else from their volumes."""

    name: ClassVar[str] = "copy_disk"
    label: ClassVar[str] = gettext_noop("Copy the disk")

    def do(self, run: Run) -> None:
        source, copy = run.subject, _copy(run.operation)
        for disk, target in machine_disks.pairs(source, copy):
            pool = disks.pool_of(disk)
            if pool.stat(target.volume_name) is not None:
                continue
            if is_running(source):
                self._copy_live(run, source, disk, target)
            elif disk.layer is not None:
                pool.clone(target.volume_name, disks.whole(disk), disk.size_bytes, run.progress)
            else:
                pool.copy(disk.volume_name, target.volume_name, run.progress)

    def _copy_live(self, run: Run, source: Instance, disk: Disk, target: Disk) -> None:
        pool, name = disks.pool_of(disk), target.partial_name

        def make_volume() -> None:
            pool.delete(name)  # of a copy that was cut off
            if disk.image is None:
                pool.create(name, disk_capacity(disk))
            else:
                pool.overlay(name, disk.image.volume_name, disk_capacity(disk), disk.image.volume_format)

        live = live_copy(source, disk, name, stands_alone=disk.image is None)
        copy_live(run, live, make_volume, run.progress)
        pool.rename(name, target.volume_name)

    def undo(self, run: Run) -> None:
        source, copy = run.subject, _copy(run.operation)
        for disk, target in machine_disks.pairs(source, copy):
            live_copy(source, disk, target.partial_name, stands_alone=disk.image is None).end()
            disks.delete_volume(target)


class CopyNvramAndTpm(Step):
    """Copy the NVRAM and the TPM state, which hold boot entries and keys that may seal the disk."""

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


class ForCopy(Step):
    """Run a step of a launch for the new instance."""

    def __init__(self, step: Step) -> None:
        self.name = step.name  # type: ignore[misc]
        self.label = step.label  # type: ignore[misc]
        self._step = step

    def do(self, run: Run) -> None:
        self._step.do(run.for_row(_copy(run.operation)))

    def undo(self, run: Run) -> None:
        self._step.undo(run.for_row(_copy(run.operation)))


class Clone(InstanceAction):
    """Clone an instance. Takes `name`; size, image, labels, key, user data, server group and firmware are copied.

    The new instance is on its source's host. If their server group forbids that or is full, it is outside the
    group. The operation's parameters then hold the reason.
    """

    verb = "clone"
    needs_own_disk = True
    label = gettext_lazy("Clone")
    icon = "copy"
    order = 190
    group = COPIES
    intro = gettext_lazy(
        "A new instance of the same size, image, SSH key, labels and server group gets a copy of its disk and of what "
        "its firmware and TPM remember, and its own id and addresses. A running instance is copied as after a power "
        "cut (crash-consistent)."
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
        CopyNvramAndTpm(),
        ForCopy(ReserveAddresses()),
        ForCopy(WriteConfigDrive()),
        ForCopy(Define()),
        ForCopy(PowerOn()),
    )

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"name": f"{instance.name[:240]}-clone"}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Create the new instance's rows. Raise BadInput naming `name`, OverQuota, Conflict."""
        name = clean_name(parameters.get("name"))
        quotas.reserve(instance.project, resources.amounts(instance), context.user)
        copy = Instance.objects.create(
            user=context.user,
            name=name,
            task_state=TaskState.STORAGE,
            expires_at=expiry.default(),
            **{field: getattr(instance, field) for field in COPIED_FIELDS},
        )
        ports = list(instance.ports.select_related("network").order_by("created_at", "pk"))
        addresses.lock(port.network for port in ports)
        outside_reason = _join_group(context, copy)
        scheduler.check(copy)
        for port in ports:
            addresses.plug(copy, copy.project, port.network)
        machine_disks.mirror(instance, copy)
        transitions.change(copy)
        return {"copy": str(copy.pk), "name": name} | (
            {OUTSIDE_GROUP: outside_reason} if outside_reason else {}
        )

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Instance]:
        return [Instance.objects.get(pk=parameters["copy"])]

    def sharing(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Image]:
        return [instance.image] if instance.image else []

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        copy = _locked_copy(operation)
        task_state = copy.task_state if queue.is_awaited(operation, copy.pk) else None
        transitions.settle(copy, VmState.ACTIVE, task_state=task_state)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        _fail_copy(operation, operation.error)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        _fail_copy(operation, CANCELLED)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        _fail_copy(operation, self.locked(operation).fault)


def _join_group(context: Context, copy: Instance) -> str:
    """Keep the copy in its source's server group if the group allows it. Return the reason if it does not."""
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


def _fail_copy(operation: Operation, error: dict[str, str] | None) -> None:
    """Put the new instance into ERROR, unless it is deleted or another operation waits for it."""
    copy = _locked_copy(operation)
    if copy.vm_state != VmState.DELETED and not queue.is_awaited(operation, copy.pk):
        transitions.fail(copy, error, VmState.ERROR)


def _copy(operation: Operation) -> Instance:
    return Instance.objects.select_related("hypervisor", "image", "project").get(
        pk=operation.parameters["copy"]
    )


def _locked_copy(operation: Operation) -> Instance:
    return Instance.objects.select_for_update().get(pk=operation.parameters["copy"])
