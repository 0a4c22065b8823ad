"""Move: bring a volume into another storage pool, also while a guest writes to it."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput
from compute.driver.errors import GuestNotFound
from compute.driver.storage.disk_copy import DiskCopy
from compute.engine.models import Operation
from compute.engine.moves import Move as Transition
from compute.engine.operations import Run, Step
from compute.engine.services import transitions
from compute.hosts.models import Pool
from compute.instances.actions.claims import claim_guest
from compute.instances.actions.disk_copying import disk_capacity
from compute.instances.actions.snapshot_create import chain_of, define_holder, running_instance
from compute.instances.actions.volume_attach import enforce_free
from compute.instances.models import Instance
from compute.instances.services import guests, volume_disks
from compute.volumes.actions.base import SETTINGS, VolumeAction
from compute.volumes.models import Disk, Volume, VolumeType
from compute.volumes.services import disks, volume_moves
from compute.volumes.states import READY, VolumeTask

Status = Volume.Migration


class CopyDisk(Step):
    """Copy the disk into the other pool. A guest that has it open goes on, and QEMU writes to both."""

    name: ClassVar[str] = "copy"
    label: ClassVar[str] = gettext_noop("Copy the data")

    def do(self, run: Run) -> None:
        if (copy := _copy_of(run)) is not None:
            _bring(run, volume_disks.disk_of(run.subject), copy)

    def undo(self, run: Run) -> None:
        copy = _copy_of(run)
        if copy is None:
            return
        disk = volume_disks.disk_of(run.subject)
        if copy.file_name and (instance := running_instance(disk)) is not None:
            claim_guest(run, instance)
            _live(instance, disk, copy).end()
        disks.remove(copy)


class ExchangeDisks(Step):
    """Let the volume go on in the copy, and delete what it had. Final, since the guest may write there at once."""

    name: ClassVar[str] = "exchange"
    label: ClassVar[str] = gettext_noop("Exchange the disks")
    final: ClassVar[bool] = True

    def do(self, run: Run) -> None:
        copy = _copy_of(run)
        if copy is None:
            return
        disk = volume_disks.disk_of(run.subject)
        if copy.role == Disk.Role.COPY:
            instance = _bring(run, disk, copy)
            if instance is not None and not _goes_on_in(instance, disk, copy):
                _live(instance, disk, copy).pivot()
            volume_moves.exchange(disk, copy)
        define_holder(run, disk)
        disks.remove(copy)


def _bring(run: Run, disk: Disk, copy: Disk) -> Instance | None:
    """Copy the disk as it is now. Return the instance whose running guest writes to both; None if none runs.

    A copy that is there already, or that a guest goes on in, is success. The name of the copy tells how it was made:
    one of a guest that has stopped meanwhile is worthless.
    """
    instance, pool = running_instance(disk), disks.pool_of(copy)
    run.check()
    if instance is not None:
        claim_guest(run, instance)
        if not copy.file_name:
            pool.delete(copy.volume_name)
            _rename(copy, f"live-{copy.pk}")
        if not _goes_on_in(instance, disk, copy):
            live = _live(instance, disk, copy)
            if not live.is_running():
                pool.create(copy.volume_name, disk_capacity(disk))
                live.start()
            live.wait(run.progress)
        return instance
    if copy.file_name:
        if disk.instance is not None and _is_defined_with(disk.instance, copy):
            return None  # it went on in the copy, and a worker died before it could say so
        pool.delete(copy.volume_name)
        _rename(copy, "")
    pool.clone(copy.volume_name, disks.whole(disk), disk.size_bytes, run.progress)
    return None


def _live(instance: Instance, disk: Disk, copy: Disk) -> DiskCopy:
    source = disks.pool_of(copy).source_of(copy.volume_name)
    return DiskCopy(guests.uri(instance), str(instance.pk), source, disk.device, stands_alone=True)


def _goes_on_in(instance: Instance, disk: Disk, copy: Disk) -> bool:
    return chain_of(instance, disk).is_top(disks.pool_of(copy).source_of(copy.volume_name))


def _is_defined_with(instance: Instance, copy: Disk) -> bool:
    """Return whether libvirt has put the copy into the definition, which it does when a guest goes on in it."""
    try:
        return guests.guest(instance).is_defined_with(disks.pool_of(copy).source_of(copy.volume_name))
    except GuestNotFound:
        return False


def _rename(copy: Disk, file_name: str) -> None:
    copy.file_name = file_name
    copy.save(update_fields=["file_name"])


def _copy_of(run: Run) -> Disk | None:
    """Return the copy, or what the copy has replaced; None once that is gone, or if nothing is to be moved."""
    key = run.operation.parameters.get("copy")
    return Disk.objects.select_related("pool", "image", "layer").filter(pk=key).first() if key else None


class MovesData(VolumeAction):
    """The base of actions that may bring a volume into another pool."""

    bulk = False
    asks = True
    cancellable = True
    steps = (CopyDisk(), ExchangeDisks())

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> list[Instance]:
        if volume.disk is None or volume.disk.instance_id is None:
            return []
        return [Instance.objects.get(pk=volume.disk.instance_id)]

    def begin_move(
        self,
        context: Context,
        volume: Volume,
        pool: Pool,
        volume_type: VolumeType,
        parameters: dict[str, Any],
    ) -> dict[str, str]:
        """Make the row of the copy, which counts in the pool at once. Raise Conflict with the reason against it."""
        for instance in self.holders(context, volume, parameters):
            enforce_free(context, instance)
        copy = volume_moves.prepare(volume, pool, volume_type)
        transitions.change(volume, migration_status=Status.MIGRATING)
        return {"pool": str(pool.pk), "copy": str(copy.pk)}

    def succeeded(self, operation: Operation) -> None:
        self._note(operation, Status.SUCCESS)
        super().succeeded(operation)

    def failed(self, operation: Operation) -> None:
        self._note(operation, Status.ERROR)
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        self._note(operation, Status.ERROR)
        super().cancelled(operation)

    def stuck(self, operation: Operation) -> None:
        self._note(operation, Status.ERROR)
        super().stuck(operation)

    def _note(self, operation: Operation, status: str) -> None:
        if "copy" in operation.parameters:
            transitions.change(self.locked(operation), migration_status=status)


class Move(MovesData):
    """Takes `pool`: its id, its name, or Cinder's name of it."""

    verb = "move"
    label = gettext_lazy("Move")
    icon = "transfer"
    order = 115
    group = SETTINGS
    role = "admin"
    intro = gettext_lazy("A guest that has it keeps running, and loses nothing that it writes.")
    move = Transition(start=READY, task=VolumeTask.MOVING, end=None)
    doing = gettext_lazy("Moving")
    fields = ("pool",)

    def blocker(self, volume: Volume) -> str:
        return volume_moves.blocker(volume)

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `pool` if there is none, or if the volume cannot lie there, Conflict."""
        pool = volume_moves.find_pool(parameters.get("pool"))
        try:
            return self.begin_move(context, volume, pool, volume.type, parameters)
        except volume_moves.Unsuitable as error:
            raise BadInput(fields={"pool": error.text}) from error
