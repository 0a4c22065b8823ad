"""Volumes, their snapshots and their backups as the engine knows them."""

from uuid import UUID

from compute.engine.kinds import Kind
from compute.volumes.models import Backup, Disk, Volume, VolumeSnapshot
from compute.volumes.services import volume_placement
from compute.volumes.states import EXISTING, BackupState, SnapshotState, VolumeState


def host(volume: Volume) -> UUID | None:
    """Return the id of the host with the volume's disk; of several, the one whose guest has it."""
    return None if volume.disk is None else disk_host(volume.disk)


def disk_host(disk: Disk) -> UUID | None:
    """Return the id of the host with the disk; of several, the one whose guest has it."""
    instance = disk.instance
    if instance is not None and instance.hypervisor_id is not None:
        return instance.hypervisor_id
    return volume_placement.host_id(disk.pool)


def snapshot_host(snapshot: VolumeSnapshot) -> UUID | None:
    """Return the id of the host with the snapshot's layer."""
    return host(snapshot.volume)


def backup_host(backup: Backup) -> UUID | None:
    """Return the id of the host with the disk that it is a copy of; None once that is gone, since any host will do."""
    return None if backup.disk is None else disk_host(backup.disk)


BACKUP = Kind(
    noun="backup",
    rank=4,
    model=Backup,
    existing_states=frozenset(BackupState) - {BackupState.DELETED},
    deleted_states=frozenset({BackupState.DELETED}),
    error_state=BackupState.ERROR,
    status=lambda backup: backup.get_status_display(),
    lists=("backups",),
    counts=("quota",),
    host=backup_host,
    related=(
        "project",
        "parent",
        "disk__pool",
        "disk__instance__hypervisor",
        "disk__image",
        "disk__layer",
        "disk__volume",
    ),
)

VOLUME_SNAPSHOT = Kind(
    noun="volume_snapshot",
    rank=3,
    model=VolumeSnapshot,
    existing_states=frozenset(SnapshotState) - {SnapshotState.DELETED},
    deleted_states=frozenset({SnapshotState.DELETED}),
    error_state=SnapshotState.ERROR,
    status=lambda snapshot: snapshot.get_status_display(),
    lists=("volume_snapshots",),
    counts=("quota",),
    host=snapshot_host,
    related=(
        "project",
        "volume__disk__pool",
        "volume__disk__image",
        "volume__disk__layer",
        "volume__disk__instance",
        "layer__parent",
        "layer__image",
    ),
)

VOLUME = Kind(
    noun="volume",
    rank=2,
    model=Volume,
    existing_states=EXISTING,
    deleted_states=frozenset({VolumeState.DELETED}),
    error_state=VolumeState.ERROR,
    status=lambda volume: volume.get_status_display(),
    lists=("volumes",),
    counts=("quota",),
    host=host,
    related=(
        "project",
        "disk__pool",
        "disk__instance",
        "disk__image",
        "disk__layer",
        "type",
        "image",
        "snapshot",
    ),
)
