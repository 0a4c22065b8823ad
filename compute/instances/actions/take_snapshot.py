"""Take a snapshot of an instance: all its disks go on in new files at one moment, and the memory may be saved too."""

from collections.abc import Iterable
from typing import Any, ClassVar

import structlog
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from accounts.names import clean_name
from accounts.services import inputs
from compute.driver.errors import DriverError
from compute.driver.guest.snapshot import GuestSnapshot
from compute.driver.specs.sources import FileSource
from compute.engine.models import Operation, Subject
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.hosts.services import pools
from compute.instances.actions.base import COPIES, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import define
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.services import guests, instance_snapshots
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Disk
from compute.volumes.services import disk_layers, disks
from compute.volumes.states import SnapshotState

log = structlog.get_logger(__name__)

TAKEN = "snapshot"
"""The parameter with the id of the snapshot that is taken."""

_NO_MEMORY = gettext_lazy("It does not run, so there is no memory to save.")


class AddLayers(Step):
    """Let the disks go on in new files. Once the guest writes there, the snapshot is there, and no undo takes it away."""

    name: ClassVar[str] = "layers"
    label: ClassVar[str] = gettext_noop("Take the snapshot")

    def do(self, run: Run) -> None:
        snapshot = _snapshot(run)
        claim_guest(run)
        if snapshot.taken_at is None:
            tops = _tops(snapshot)
            guest = _guest(run.subject, tops)
            if not _was_taken(guest, snapshot, tops):
                if guests.is_running(run.subject):
                    _add_live(run, guest, snapshot)
                elif snapshot.has_memory:
                    raise Conflict(_NO_MEMORY)
                else:
                    for disk, top in tops:
                        disks.pool_of(disk).overlay(top, disk.volume_name, disk.size_bytes)
            instance_snapshots.record(snapshot, tops)
        define(run)

    def undo(self, run: Run) -> None:
        snapshot = _snapshot(run)
        claim_guest(run)
        if snapshot.taken_at is None:
            tops = _tops(snapshot)
            if not _was_taken(_guest(run.subject, tops), snapshot, tops):
                return
            instance_snapshots.record(snapshot, tops)
        define(run)


def _snapshot(run: Run) -> InstanceSnapshot:
    rows = InstanceSnapshot.objects.select_related("instance__hypervisor", "memory_pool")
    return rows.get(pk=run.operation.parameters[TAKEN])


def _tops(snapshot: InstanceSnapshot) -> list[tuple[Disk, str]]:
    return [(disk, disk_layers.top_name(disk, snapshot.pk)) for disk in instance_snapshots.disks_of(snapshot)]


def _guest(instance: Instance, tops: list[tuple[Disk, str]]) -> GuestSnapshot:
    sources = {disk.device: disks.pool_of(disk).source_of(top) for disk, top in tops}
    return GuestSnapshot(guests.uri(instance), str(instance.pk), sources)


def _was_taken(guest: GuestSnapshot, snapshot: InstanceSnapshot, tops: list[tuple[Disk, str]]) -> bool:
    """Return whether an earlier attempt took it. If not, delete what that left behind."""
    guest.end_attempts()
    if guest.is_taken():
        return True
    for disk, top in tops:
        disks.pool_of(disk).delete(top)
    if snapshot.memory_pool is not None:
        pools.handle(snapshot.memory_pool).delete(snapshot.memory_name)
    return False


def _add_live(run: Run, guest: GuestSnapshot, snapshot: InstanceSnapshot) -> None:
    instance = run.subject
    if snapshot.memory_pool is not None:
        guest.take_with_memory(memory_file(snapshot), run.progress)
        return
    try:
        guest.take(quiesce=instance.agent is not None)
    except DriverError as error:
        if instance.agent is None:
            raise
        # The agent froze nothing, or not in time: the snapshot is then as after a power cut.
        log.warning("not quiesced", reason=str(error))
        guest.take(quiesce=False)


def memory_file(snapshot: InstanceSnapshot) -> FileSource:
    """Return the file with the memory. Raise Conflict for a snapshot without one."""
    source = (
        pools.handle(snapshot.memory_pool).source_of(snapshot.memory_name) if snapshot.memory_pool else None
    )
    if not isinstance(source, FileSource):
        raise Conflict(_("The snapshot has no memory."))
    return source


class TakeSnapshot(InstanceAction):
    """Takes `name`, and `memory`: whether the memory of a running guest is saved too."""

    verb = "take_snapshot"
    label = gettext_lazy("Take a snapshot")
    icon = "camera"
    order = 185
    group = COPIES
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED},
        task=TaskState.TAKING_SNAPSHOT,
        end=None,
    )
    doing = gettext_lazy("Taking a snapshot")
    reserves = True
    fields = ("name", "memory")
    asks = True
    bulk = False
    cancellable = True
    intro = gettext_lazy(
        "A snapshot keeps the data of all its disks and volumes of this moment, and the instance can go back to it. "
        "Of a running instance they are as after a power cut, unless the agent in the guest pauses its file systems, or "
        "the memory is saved too."
    )
    steps = (AddLayers(),)

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"name": _default_name(instance)}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make the rows. Raise BadInput naming `memory` for one that does not run, OverQuota."""
        name = clean_name(parameters.get("name") or _default_name(instance))
        with_memory = inputs.flag(parameters, "memory", False)
        if with_memory and instance.vm_state != VmState.ACTIVE:
            raise BadInput(fields={"memory": str(_NO_MEMORY)})
        snapshot = instance_snapshots.create(context, instance, name, with_memory=with_memory)
        return {TAKEN: str(snapshot.pk), "name": name}

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Subject]:
        return instance_snapshots.rows_of(parameters[TAKEN])

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        settle(operation.parameters[TAKEN], SnapshotState.AVAILABLE)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        settle(operation.parameters[TAKEN], SnapshotState.DELETED)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        settle(operation.parameters[TAKEN], SnapshotState.DELETED)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        settle(operation.parameters[TAKEN], SnapshotState.DELETED)


def settle(key: str, state: SnapshotState) -> None:
    """End a snapshot that was to be taken. One that was taken is there, whatever came afterwards."""
    snapshot = InstanceSnapshot.objects.select_for_update().select_related("instance").get(pk=key)
    instance_snapshots.settle(snapshot, SnapshotState.AVAILABLE if snapshot.taken_at else state)


def _default_name(instance: Instance) -> str:
    return _("Snapshot %(number)s") % {"number": instance.snapshot_count + 1}
