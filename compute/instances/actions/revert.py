"""Revert: give an instance the disks of one of its snapshots again, and keep what it had as another snapshot."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from accounts.services import inputs
from compute.driver.guest.snapshot import GuestSnapshot
from compute.engine.models import Operation, Subject
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.instances.actions.base import COPIES, InstanceAction
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.replacing import KEPT
from compute.instances.actions.snapshot_delete import merge_unneeded
from compute.instances.actions.steps import (
    Define,
    PowerOffTemporarily,
    RestorePower,
    power_off,
    state_to_restore,
)
from compute.instances.actions.take_snapshot import memory_file, settle
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.services import guests, headroom, instance_snapshots
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState
from compute.volumes.models import Attachment, Volume
from compute.volumes.services import disk_layers, disks
from compute.volumes.states import SnapshotState

SNAPSHOT, MEMORY = "snapshot", "memory"


class GoBack(Step):
    """Let the disks go on over the snapshot's layers. Final, since what they had may be gone afterwards."""

    name: ClassVar[str] = "revert"
    label: ClassVar[str] = gettext_noop("Revert the disks")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        parameters, key = run.operation.parameters, run.operation.pk
        snapshot = _snapshot(parameters[SNAPSHOT])
        keeper = _snapshot(parameters[KEPT]) if KEPT in parameters else None
        run.check()
        layers = instance_snapshots.layers_of(snapshot)
        tops = [(layer, disk_layers.top_name(layer.disk, key)) for layer in layers]
        remaining = [(layer, top) for layer, top in tops if layer.disk.volume_name != top]
        for layer, top in remaining:
            disks.pool_of(layer.disk).overlay(top, layer.file_name, layer.disk.size_bytes)
        if remaining:
            instance_snapshots.record_revert(snapshot, remaining, keeper)
        for layer in layers:
            merge_unneeded(run, layer.disk)


class GoOn(RestorePower):
    """Power on the guest if it ran before; with the snapshot's memory, where it was then."""

    def do(self, run: Run) -> None:
        if not run.operation.parameters[MEMORY]:
            super().do(run)
            return
        instance, snapshot = run.subject, _snapshot(run.operation.parameters[SNAPSHOT])
        claim_guest(run)
        GuestSnapshot(guests.uri(instance), str(instance.pk), {}).restore(memory_file(snapshot))
        headroom.record_planned(instance)

    def undo(self, run: Run) -> None:
        power_off(run)


class Revert(InstanceAction):
    """Takes `snapshot`. By default what the instance has becomes a snapshot first (`keep`).

    By default it also goes on with the memory of that moment, if the snapshot has it (`memory`).
    """

    verb = "revert"
    label = gettext_lazy("Revert to a snapshot")
    icon = "restore"
    order = 186
    group = COPIES
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED, VmState.ERROR},
        task=TaskState.REVERTING,
        end=VmState.ACTIVE,
    )
    doing = gettext_lazy("Reverting")
    reserves = True
    bulk = False
    danger = True
    fields = (SNAPSHOT, "keep", MEMORY)
    asks = True
    in_place = True
    intro = gettext_lazy(
        "All its disks and volumes get the data of that moment. If it runs, it is powered off for that and then on again."
    )
    steps = (PowerOffTemporarily(), GoBack(), Define(), GoOn())

    def initial(self, instance: Instance) -> dict[str, Any]:
        return {"keep": True, MEMORY: True}

    def applies(self, instance: Instance) -> bool:
        return super().applies(instance) and bool(instance.snapshot_count)

    def blocker(self, instance: Instance) -> str:
        if not instance.snapshot_count:
            return _("It has no snapshot.")
        return super().blocker(instance)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `snapshot` or `memory`, OverQuota, Conflict if its volumes are others now."""
        snapshot = instance_snapshots.get_available(context, instance, parameters.get(SNAPSHOT))
        attached = set(_attached(instance))
        _enforce_volumes(snapshot, attached)
        with_memory = snapshot.has_memory and inputs.flag(parameters, MEMORY, True)
        if with_memory and (reason := _memory_refusal(snapshot, instance, len(attached))):
            raise BadInput(fields={MEMORY: reason})
        prepared: dict[str, Any] = {SNAPSHOT: str(snapshot.pk), MEMORY: with_memory}
        if inputs.flag(parameters, "keep", True):
            name = _("Before reverting to %(snapshot)s") % {"snapshot": snapshot.name[:200]}
            prepared[KEPT] = str(instance_snapshots.create(context, instance, name).pk)
        end = VmState.ACTIVE if with_memory else state_to_restore(instance)
        transitions.change(instance, restore_to=end)
        return prepared

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Subject]:
        keys = [parameters[name] for name in (SNAPSHOT, KEPT) if name in parameters]
        return instance_snapshots.rows_of(*keys)

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        self._end_kept(operation)

    def failed(self, operation: Operation) -> None:
        super().failed(operation)
        self._end_kept(operation)

    def cancelled(self, operation: Operation) -> None:
        super().cancelled(operation)
        self._end_kept(operation)

    def stuck(self, operation: Operation) -> None:
        super().stuck(operation)
        self._end_kept(operation)

    def _end_kept(self, operation: Operation) -> None:
        if KEPT in operation.parameters:
            settle(operation.parameters[KEPT], SnapshotState.DELETED)


def _snapshot(key: str) -> InstanceSnapshot:
    rows = InstanceSnapshot.objects.select_related("instance__current_snapshot", "memory_pool")
    return rows.get(pk=key)


def _attached(instance: Instance) -> Iterable[object]:
    return Attachment.objects.filter(instance=instance, released=False).values_list("volume", flat=True)


def _enforce_volumes(snapshot: InstanceSnapshot, attached: set[object]) -> None:
    """Raise Conflict unless the instance has all volumes of the snapshot, with their data."""
    volumes = Volume.objects.filter(
        snapshots__instance_snapshot=snapshot, snapshots__status=SnapshotState.AVAILABLE
    ).distinct()
    missing = [str(volume) for volume in volumes if volume.pk not in attached]
    if missing:
        raise Conflict(
            _("Attach the volume %(volumes)s first: the snapshot has its data.")
            % {"volumes": ", ".join(missing)}
        )
    if len(volumes) < snapshot.volumes:
        raise Conflict(_("The snapshot of one of its volumes was deleted. Revert its volumes one by one."))


def _memory_refusal(snapshot: InstanceSnapshot, instance: Instance, volumes: int) -> str:
    """Return why the memory does not fit the instance any more; empty if it does."""
    same_size = (snapshot.vcpus, snapshot.ram_mib) == (instance.vcpus, instance.ram_mib)
    if not same_size or volumes != snapshot.volumes:
        return _("Its size or its volumes have changed since. Revert without the memory.")
    return ""
