"""Volumes and their snapshots as the engine knows them."""

from uuid import UUID

from compute.engine.kinds import Kind
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services import volume_placement
from compute.volumes.states import EXISTING, SnapshotState, VolumeState


def host(volume: Volume) -> UUID | None:
    """Return the id of the host with the volume's disk; of several, the one whose guest has it."""
    if volume.disk is None:
        return None
    instance = volume.disk.instance
    return (
        instance.hypervisor_id
        if instance and instance.hypervisor_id
        else volume_placement.host_id(volume.disk.pool)
    )


def snapshot_host(snapshot: VolumeSnapshot) -> UUID | None:
    """Return the id of the host with the snapshot's layer."""
    return host(snapshot.volume)


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
