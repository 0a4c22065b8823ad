"""Contents of new volumes: none, an image's, or another volume's."""

from compute.driver.files import Progress
from compute.driver.specs import BackingSpec
from compute.volumes.models import Disk, Volume, VolumeSnapshot
from compute.volumes.services import disks


def make(volume: Volume, progress: Progress) -> None:
    """Create the volume's disk. One that exists is success; `progress(done, total)` counts bytes. Raise DriverError."""
    disk = volume.disk
    if disk is None:
        raise ValueError(f"Volume {volume.pk} has no disk yet.")
    if volume.snapshot_id is not None:
        _clone(VolumeSnapshot.objects.select_related("layer").get(pk=volume.snapshot_id), disk, progress)
        return
    if volume.source_volume_id is not None:
        _copy(
            Volume.objects.select_related("disk__pool", "disk__image").get(pk=volume.source_volume_id),
            disk,
            progress,
        )
        return
    if volume.image is not None and disk.image_id is None:
        # Of the row first: whoever deletes the image must see that a disk stands on it.
        disk.image = volume.image
        disk.save(update_fields=["image"])
    disks.make(disk)


def _copy(source: Volume, disk: Disk, progress: Progress) -> None:
    """Copy another volume's disk, which nobody has open, and give it the new size."""
    if source.disk is None:
        raise ValueError(f"Volume {source.pk} has no disk to copy.")
    if source.disk.layer is not None:
        pool = disks.pool_of(disk)
        top = BackingSpec(
            source=pool.source_of(source.disk.volume_name),
            format="qcow2",
            backing=disks.backing(source.disk, pool),
        )
        pool.clone(disk.volume_name, top, disk.size_bytes, progress)
        return
    if source.disk.image_id != disk.image_id:
        disk.image = source.disk.image
        disk.save(update_fields=["image"])
    pool = disks.pool_of(disk)
    if pool.stat(disk.volume_name) is None:
        pool.copy(source.disk.volume_name, disk.partial_name, progress)
        pool.resize(disk.partial_name, disk.size_bytes)
        pool.rename(disk.partial_name, disk.volume_name)


def _clone(snapshot: VolumeSnapshot, disk: Disk, progress: Progress) -> None:
    """Copy a snapshot's data, which nobody writes."""
    if snapshot.layer is None:
        raise ValueError(f"Snapshot {snapshot.pk} has no data.")
    pool = disks.pool_of(disk)
    pool.clone(disk.volume_name, disks.layer_spec(snapshot.layer, pool), disk.size_bytes, progress)
