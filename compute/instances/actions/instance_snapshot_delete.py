"""Delete a snapshot of an instance: what lies over its layers takes over the data that it still needs."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from compute.engine.models import Operation, Subject
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.hosts.services import pools
from compute.instances.actions.base import SnapshotOfInstanceAction
from compute.instances.actions.snapshot_delete import merge_unneeded
from compute.instances.models import InstanceSnapshot
from compute.instances.services import instance_snapshots
from compute.volumes.models import Disk, Volume
from compute.volumes.services import volume_snapshots
from compute.volumes.states import SnapshotState, SnapshotTask


class Merge(Step):
    """Give the layers up and delete the memory, then merge the layers that no snapshot holds."""

    name: ClassVar[str] = "merge"
    label: ClassVar[str] = gettext_noop("Merge the data")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        snapshot = run.subject
        run.check()
        if snapshot.memory_pool is not None:
            pools.handle(snapshot.memory_pool).delete(snapshot.memory_name)
        instance_snapshots.give_up(snapshot)
        own = Disk.objects.filter(instance=snapshot.instance).exclude(role=Disk.Role.VOLUME)
        of_volumes = Disk.objects.filter(volume__snapshots__instance_snapshot=snapshot)
        for disk in (*own, *of_volumes.distinct()):
            merge_unneeded(run, disk)


class Delete(SnapshotOfInstanceAction):
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
    confirm = gettext_lazy("The instance cannot go back to it any more. The instance itself stays as it is.")
    steps = (Merge(),)

    def holders(
        self, context: Context, snapshot: InstanceSnapshot, parameters: dict[str, Any]
    ) -> Iterable[Subject]:
        volume_snapshots.enforce_awake(snapshot.instance)
        rows: dict[object, Subject] = {snapshot.instance_id: snapshot.instance}
        of_volumes = snapshot.volume_snapshots.exclude(status=SnapshotState.DELETED)
        for volume in Volume.objects.select_related("disk__instance").filter(snapshots__in=of_volumes):
            volume_snapshots.enforce_awake(volume.disk.instance if volume.disk else None)
            rows |= {row.pk: row for row in (*volume_snapshots.holders_of(volume), volume)}
        return [*rows.values(), *of_volumes]

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        self._settle(operation)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        self._settle(operation)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        self._settle(operation)

    def _settle(self, operation: Operation) -> None:
        """End the snapshots of its volumes, which have no layer any more, and count the rest."""
        snapshot = self.locked(operation)
        instance_snapshots.settle_volumes(snapshot)
        instance_snapshots.count(snapshot.instance)
