"""Delete a snapshot of a volume: what lies over its layer takes over the data that it still needs."""

from typing import ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from compute.driver.files import Progress
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.snapshot_create import chain_of, define_holder, running_instance
from compute.volumes.actions.base import SnapshotAction
from compute.volumes.models import Disk, DiskLayer
from compute.volumes.services import disk_layers, disks, volume_snapshots
from compute.volumes.states import SnapshotState, SnapshotTask


class Merge(Step):
    """Give the snapshot's layer up, and merge every layer of the disk that no snapshot holds."""

    name: ClassVar[str] = "merge"
    label: ClassVar[str] = gettext_noop("Merge the data")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        snapshot = run.subject
        run.check()
        transitions.change(snapshot, layer=None)
        disk = snapshot.volume.disk
        if disk is not None:
            merge_unneeded(run, disk)


def merge_unneeded(run: Run, disk: Disk) -> None:
    """Merge the layers of a disk that no snapshot holds, unless several others still stand on one."""
    unheld = disk.layers.filter(snapshots=None, instance_snapshots=None)
    unheld = unheld.select_related("parent", "image").order_by("-created_at")
    while any(_merge(run, layer) for layer in unheld.all()):
        pass


def _merge(run: Run, layer: DiskLayer) -> bool:
    """Merge a layer that no snapshot holds. Return whether it is gone: several may still stand on it."""
    above = disk_layers.above(layer)
    if len(above) > 1:
        return False
    disk = Disk.objects.select_related("pool", "image", "layer", "instance__hypervisor").get(pk=layer.disk_id)
    pool, unneeded, file_name = disks.pool_of(disk), layer.file_name, ""
    over = above[0] if above else None
    if over is not None:
        instance = running_instance(disk) if disk_layers.is_under(disk, layer) else None
        if instance is None:
            volume_snapshots.enforce_awake(disk.instance)
            _rebase(disk, layer, over, run.progress)
        else:
            claim_guest(run, instance)
            chain, source = chain_of(instance, disk), pool.source_of(layer.file_name)
            if isinstance(over, Disk):
                spec = disks.below(layer, pool)
                chain.pull(source, spec.source if spec else None, run.progress)
            else:
                chain.commit(pool.source_of(over.file_name), source, run.progress)
                unneeded, file_name = over.file_name, layer.file_name
    disk_layers.take_out(layer, over, file_name=file_name)
    define_holder(run, Disk.objects.select_related("instance").get(pk=disk.pk))
    pool.delete(unneeded)
    return True


def _rebase(disk: Disk, layer: DiskLayer, over: Disk | DiskLayer, progress: Progress) -> None:
    """Copy what the volume above still needs of the layer, while no guest has it open."""
    name = over.volume_name if isinstance(over, Disk) else over.file_name
    pool = disks.pool_of(disk)
    if layer.parent is not None:
        pool.rebase(name, layer.parent.file_name, "qcow2", progress)
    elif layer.image is not None:
        pool.rebase(name, layer.image.volume_name, layer.image.volume_format, progress)
    else:
        pool.rebase(name, None, "qcow2", progress)


class Delete(SnapshotAction):
    verb = "delete"
    label = gettext_lazy("Delete")
    icon = "trash"
    order = 300
    move = Move(
        start=frozenset({SnapshotState.AVAILABLE, SnapshotState.ERROR}),
        task=SnapshotTask.DELETING,
        end=SnapshotState.DELETED,
        failed=SnapshotState.ERROR,
    )
    doing = gettext_lazy("Deleting")
    danger = True
    confirm = gettext_lazy("The volume cannot go back to it any more. The volume itself stays as it is.")
    steps = (Merge(),)

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        transitions.change(self.locked(operation), metadata={})
