"""Take a snapshot of a volume: its disk goes on in a new file, and what was written so far stays below."""

from typing import ClassVar

import structlog
from django.utils.translation import gettext_lazy, gettext_noop

from compute.driver.errors import DriverError
from compute.driver.guest.disk_chain import DiskChain
from compute.driver.specs.sources import DiskSource
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.steps import define
from compute.instances.actions.volume_attach import WITHOUT_GUEST
from compute.instances.models import Instance
from compute.instances.services import guests, volume_disks
from compute.instances.states import VmState
from compute.volumes.actions.base import SnapshotAction
from compute.volumes.models import Disk
from compute.volumes.services import disk_layers, disks, volume_snapshots
from compute.volumes.states import SnapshotState, SnapshotTask

log = structlog.get_logger(__name__)


class AddLayer(Step):
    """Let the disk go on in a new file. Final, since the guest may write there at once."""

    name: ClassVar[str] = "layer"
    label: ClassVar[str] = gettext_noop("Take the snapshot")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        snapshot = run.subject
        disk = volume_disks.disk_of(snapshot.volume)
        top = disk_layers.top_name(disk, snapshot.pk)
        run.check()
        if disk.volume_name != top:
            instance = running_instance(disk)
            if instance is None:
                _add_offline(disk, top)
            else:
                _add_live(run, instance, disk, top)
        transitions.change(snapshot, layer=disk_layers.add(disk, top))
        define_holder(run, disk)


def _add_offline(disk: Disk, top: str) -> None:
    volume_snapshots.enforce_awake(disk.instance)
    disks.pool_of(disk).overlay(top, disk.volume_name, disk.size_bytes)


def _add_live(run: Run, instance: Instance, disk: Disk, top: str) -> None:
    claim_guest(run, instance)
    pool, chain = disks.pool_of(disk), chain_of(instance, disk)
    source = pool.source_of(top)
    if not chain.is_top(source):
        pool.delete(top)  # of a worker that died before the guest had it
        _continue_in(chain, source, quiesce=instance.agent is not None)


def _continue_in(chain: DiskChain, source: DiskSource, *, quiesce: bool) -> None:
    try:
        chain.add_layer(source, quiesce=quiesce)
    except DriverError as error:
        if not quiesce:
            raise
        # The agent froze nothing, or not in time: the snapshot is then as after a power cut.
        log.warning("not quiesced", reason=str(error))
        chain.add_layer(source, quiesce=False)


class Create(SnapshotAction):
    """Take a snapshot. `volume_snapshots.create` begins it, since there is no row before."""

    verb = "create"
    label = gettext_lazy("Take a snapshot")
    icon = "camera"
    order = 0
    move = Move(
        start=frozenset({SnapshotState.CREATING}),
        task=SnapshotTask.CREATING,
        end=SnapshotState.AVAILABLE,
        failed=SnapshotState.ERROR,
    )
    doing = gettext_lazy("Taking the snapshot")
    cancellable = True
    steps = (AddLayer(),)


def running_instance(disk: Disk) -> Instance | None:
    """Return the instance whose running guest has the disk open; None if none has."""
    instance = disk.instance
    if instance is None or instance.vm_state in {*WITHOUT_GUEST, VmState.STOPPED}:
        return None
    return instance if guests.is_running(instance) else None


def chain_of(instance: Instance, disk: Disk) -> DiskChain:
    """Return the driver's handle of the layers under a disk of the running guest."""
    return DiskChain(guests.uri(instance), str(instance.pk), disk.device)


def define_holder(run: Run, disk: Disk) -> None:
    """Define the guest of the instance that has the disk, if any, for its next start."""
    if disk.instance is not None and disk.instance.vm_state not in WITHOUT_GUEST:
        define(run.for_row(disk.instance))
