"""Replacing the data of a volume, with a snapshot that keeps what it had."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import Conflict
from accounts.services import inputs
from compute.engine.models import Operation, Subject
from compute.engine.services import transitions
from compute.instances.actions.volume_attach import WITHOUT_GUEST
from compute.instances.models import Instance
from compute.instances.states import VmState
from compute.volumes.actions.base import COPIES, VolumeAction
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services import volume_quota, volume_snapshots
from compute.volumes.states import SnapshotState, SnapshotTask

KEPT = "kept"
"""The parameter with the id of the snapshot that keeps what the volume had."""


class ReplacesData(VolumeAction):
    """A verb that gives a volume other data. It takes `keep`: whether what it has becomes a snapshot first."""

    group = COPIES
    reserves = True
    bulk = False
    danger = True
    asks = True

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> Iterable[Subject]:
        return volume_snapshots.holders_of(volume)

    def keep(self, context: Context, volume: Volume, parameters: dict[str, Any], name: str) -> dict[str, str]:
        """Reserve the snapshot that keeps what the volume has, unless `keep` says no. Return the operation's parameters.

        Raise OverQuota, BadInput naming `keep`, Conflict while a guest has the volume open.
        """
        for holder in volume_snapshots.holders_of(volume):
            if isinstance(holder, Instance) and holder.vm_state not in {*WITHOUT_GUEST, VmState.STOPPED}:
                raise Conflict(
                    _("Stop %(instance)s first: it has the volume open.") % {"instance": holder.name}
                )
        if not inputs.flag(parameters, "keep", True):
            return {}
        volume_quota.reserve_snapshot(volume.project, context.user, size_gib=volume.size_gib)
        keeper = VolumeSnapshot.objects.create(
            project=volume.project,
            user=context.user if context.user.pk else None,
            volume=volume,
            name=name,
            size_gib=volume.size_gib,
            task_state=SnapshotTask.CREATING,
        )
        transitions.change(keeper)
        return {KEPT: str(keeper.pk)}

    def also(self, volume: Volume, parameters: dict[str, Any]) -> Iterable[VolumeSnapshot]:
        keys = [parameters[name] for name in ("snapshot", KEPT) if name in parameters]
        return VolumeSnapshot.objects.filter(pk__in=keys).select_for_update().order_by("pk")

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        self._end_kept(operation, SnapshotState.AVAILABLE)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        self._end_kept(operation, SnapshotState.DELETED)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        self._end_kept(operation, SnapshotState.DELETED)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        self._end_kept(operation, SnapshotState.DELETED)

    def _end_kept(self, operation: Operation, state: SnapshotState) -> None:
        """End the snapshot that keeps what the volume had; one that has its layer holds it in any case."""
        if KEPT in operation.parameters:
            keeper = VolumeSnapshot.objects.select_for_update().get(pk=operation.parameters[KEPT])
            transitions.settle(keeper, SnapshotState.AVAILABLE if keeper.layer_id else state)
