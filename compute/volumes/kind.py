"""Volumes as the engine knows them."""

from uuid import UUID

from compute.engine.kinds import Kind
from compute.volumes.models import Volume
from compute.volumes.services import volume_placement
from compute.volumes.states import EXISTING, VolumeState


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
    related=("project", "disk__pool", "disk__instance", "type", "image"),
)
