"""Snapshots of instances: their rows, and those of the volumes' snapshots that belong to them."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.services import quotas
from compute.engine.services import transitions
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.models.instance_snapshot import InstanceSnapshotQuerySet
from compute.instances.services import machine_disks, volume_disks
from compute.instances.services.machine_disks import GIB
from compute.volumes.models import Disk, DiskLayer, Volume, VolumeSnapshot
from compute.volumes.services import disk_layers, volume_quota
from compute.volumes.states import SnapshotState, SnapshotTask

MIB_PER_GIB = 1024


def register() -> None:
    """Register what snapshots take of the quota with accounts. Call it once at start."""
    names = (volume_quota.SNAPSHOTS, volume_quota.SIZE)
    quotas.register_counter(volume_quota.counter(InstanceSnapshot.objects.existing(), *names), *names)


def of_instance(context: Context, instance: Instance) -> InstanceSnapshotQuerySet:
    """Return the snapshots of an instance that the asker reads, oldest first. Raise Forbidden."""
    policy.enforce(context, "instance_snapshot:read")
    return existing(instance)


def existing(instance: Instance) -> InstanceSnapshotQuerySet:
    """Return the snapshots of an instance, oldest first, for those who have the instance already."""
    return InstanceSnapshot.objects.existing().filter(instance=instance)


def get(context: Context, instance: Instance, key: object) -> InstanceSnapshot:
    """Return one snapshot of an instance that the asker reads. Raise Forbidden, NotFound."""
    try:
        return of_instance(context, instance).get(pk=UUID(str(key)))
    except (InstanceSnapshot.DoesNotExist, ValueError) as error:
        raise NotFound(_("Snapshot %(id)s could not be found.") % {"id": str(key)[:64]}) from error


def get_available(context: Context, instance: Instance, key: object) -> InstanceSnapshot:
    """Return one that the instance can go back to. Raise BadInput naming `snapshot`."""
    try:
        snapshot = get(context, instance, key)
    except NotFound as error:
        raise BadInput(fields={"snapshot": error.text}) from error
    if snapshot.status != SnapshotState.AVAILABLE or snapshot.task_state:
        label = snapshot.get_status_display()
        raise BadInput(fields={"snapshot": _("The snapshot is not ready: %(status)s.") % {"status": label}})
    return snapshot


def create(context: Context, instance: Instance, name: str, *, with_memory: bool = False) -> InstanceSnapshot:
    """Make the rows of a snapshot that is about to be taken. Raise OverQuota.

    It counts the sizes of all disks, and those of the volumes in the snapshots of theirs; a memory counts its size too.
    """
    own, volumes = machine_disks.data(instance), volume_disks.of_instance(instance)
    memory = -(-instance.ram_mib // MIB_PER_GIB) if with_memory else 0
    size = sum(-(-disk.size_bytes // GIB) for disk in own) + memory
    amounts = {
        volume_quota.SNAPSHOTS: 1 + len(volumes),
        volume_quota.SIZE: size + sum(volume.size_gib for volume in volumes),
    }
    quotas.reserve(instance.project, amounts, context.user)
    owner = {"project": instance.project, "user": context.user if context.user.pk else None}
    snapshot = InstanceSnapshot.objects.create(
        **owner,
        instance=instance,
        name=name,
        volumes=len(volumes),
        memory_pool=machine_disks.root(instance).pool if with_memory else None,
        vcpus=instance.vcpus,
        ram_mib=instance.ram_mib,
        size_gib=size,
        task_state=SnapshotTask.CREATING,
    )
    transitions.change(snapshot)
    for volume in volumes:
        row = VolumeSnapshot.objects.create(
            **owner,
            volume=volume,
            instance_snapshot=snapshot,
            name=name,
            size_gib=volume.size_gib,
            task_state=SnapshotTask.CREATING,
        )
        transitions.change(row)
    return snapshot


def rows_of(*keys: str) -> list[InstanceSnapshot | Volume | VolumeSnapshot]:
    """Lock snapshots with their volumes and the snapshots of these, and return them."""
    of_volumes = VolumeSnapshot.objects.filter(instance_snapshot__in=[UUID(key) for key in keys]).exclude(
        status=SnapshotState.DELETED
    )
    volumes = Volume.objects.filter(pk__in=of_volumes.values("volume"))
    return [
        *volumes.select_for_update().order_by("pk"),
        *of_volumes.select_for_update().order_by("pk"),
        *InstanceSnapshot.objects.select_for_update().filter(pk__in=keys).order_by("pk"),
    ]


def disks_of(snapshot: InstanceSnapshot) -> list[Disk]:
    """Return the disks of which it is taken: the instance's own with data, and those volumes that it still has."""
    of_volumes = Disk.objects.filter(
        instance=snapshot.instance, volume__snapshots__instance_snapshot=snapshot
    )
    return [
        *machine_disks.data(snapshot.instance),
        *of_volumes.select_related("pool", "image", "layer", "instance__hypervisor"),
    ]


def layers_of(snapshot: InstanceSnapshot) -> list[DiskLayer]:
    """Return the layers that it holds, by itself and by those of its volumes, with the disks that a revert changes."""
    related = ("disk__pool", "disk__image", "disk__layer", "disk__instance__hypervisor", "parent", "image")
    own = snapshot.layers.select_related(*related)
    of_volumes = DiskLayer.objects.filter(snapshots__instance_snapshot=snapshot).select_related(*related)
    return [*own, *of_volumes]


@transaction.atomic
def record(snapshot: InstanceSnapshot, tops: Iterable[tuple[Disk, str]]) -> None:
    """Record that disks go on in new files, and that the instance stands on the snapshot."""
    for disk, top in tops:
        hold(snapshot, disk, disk_layers.add(disk, top))
    transitions.change(snapshot, volumes=snapshot.volume_snapshots.exclude(layer=None).count())
    _stand_on(snapshot.instance, snapshot, new=snapshot)


@transaction.atomic
def record_revert(
    snapshot: InstanceSnapshot, tops: Iterable[tuple[DiskLayer, str]], keeper: InstanceSnapshot | None
) -> None:
    """Record that disks go on over layers of the snapshot. What they had is held by `keeper`, if there is one."""
    for layer, top in tops:
        former = disk_layers.revert_to(layer.disk, layer, top)
        if keeper is not None:
            hold(keeper, layer.disk, former)
    _stand_on(snapshot.instance, snapshot, new=keeper)


def hold(snapshot: InstanceSnapshot, disk: Disk, layer: DiskLayer) -> None:
    """Let a snapshot hold a layer, by itself or by that of the disk's volume."""
    if disk.role == Disk.Role.VOLUME:
        (row,) = snapshot.volume_snapshots.filter(volume__disk=disk)
        transitions.change(row, layer=layer)
    else:
        snapshot.layers.add(layer)


def _stand_on(instance: Instance, snapshot: InstanceSnapshot, *, new: InstanceSnapshot | None) -> None:
    if new is not None:
        transitions.change(new, parent=instance.current_snapshot, taken_at=timezone.now())
    transitions.change(instance, current_snapshot=snapshot)


@transaction.atomic
def give_up(snapshot: InstanceSnapshot) -> None:
    """Give all layers of a snapshot up, and take it out of the tree."""
    for row in snapshot.volume_snapshots.all():
        transitions.change(row, layer=None)
    snapshot.layers.clear()
    for child in snapshot.children.all():
        transitions.change(child, parent=snapshot.parent)
    instance = Instance.objects.get(pk=snapshot.instance_id)
    if instance.current_snapshot_id == snapshot.pk:
        transitions.change(instance, current_snapshot=snapshot.parent)


def settle(snapshot: InstanceSnapshot, state: SnapshotState) -> None:
    """End a snapshot that was to be taken, and those of its volumes."""
    settle_volumes(snapshot)
    transitions.settle(snapshot, state)
    count(snapshot.instance)


def settle_volumes(snapshot: InstanceSnapshot) -> None:
    """End the snapshots of its volumes, which its operation has locked. One with a layer is there, whatever happened."""
    for row in snapshot.volume_snapshots.exclude(status=SnapshotState.DELETED):
        transitions.settle(row, SnapshotState.AVAILABLE if row.layer_id else SnapshotState.DELETED)


def count(instance: Instance) -> None:
    """Count the snapshots in the instance's row, by which lists know without a query whether there are any."""
    transitions.change(instance, snapshot_count=existing(instance).count())
