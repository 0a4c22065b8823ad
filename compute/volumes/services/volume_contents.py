"""Contents of new volumes: none, an image's, another volume's, a snapshot's or a backup's."""

import shutil

from compute.driver.files import Progress
from compute.hosts.services import hosts
from compute.volumes.models import Backup, Disk, Volume, VolumeSnapshot
from compute.volumes.services import backup_files, disks


def make(volume: Volume, progress: Progress) -> None:
    """Create the volume's disk. One that exists is success; `progress(done, total)` counts bytes. Raise DriverError."""
    disk = volume.disk
    if disk is None:
        raise ValueError(f"Volume {volume.pk} has no disk yet.")
    if volume.snapshot_id is not None:
        _clone(
            VolumeSnapshot.objects.select_related("layer__disk__pool").get(pk=volume.snapshot_id),
            disk,
            progress,
        )
        return
    if volume.backup_id is not None:
        restore(
            Backup.objects.select_related("parent").get(pk=volume.backup_id), disk, disk.volume_name, progress
        )
        return
    if volume.source_volume_id is not None:
        _copy(
            Volume.objects.select_related("disk__pool", "disk__image", "disk__layer").get(
                pk=volume.source_volume_id
            ),
            disk,
            progress,
        )
        return
    if volume.image is None:
        disks.make(disk)
        return
    # Of the row first: whoever deletes the image must see that a disk stands on it.
    disk.image = disks.base_of(disk, volume.image)
    disk.save(update_fields=["image"])
    disks.bring_image(disk, disk.volume_name, volume.image, progress)


def restore(backup: Backup, disk: Disk, name: str, progress: Progress) -> None:
    """Create the volume `name` in the disk's pool with a backup's data. An existing one is success. Raise Conflict."""
    pool, folder = disks.pool_of(disk), hosts.DRAFTS / f"restore-{disk.pk}"
    if pool.stat(name) is not None:
        return
    try:
        chain = backup_files.open_chain(backup, folder, progress)
        pool.clone(name, chain, disk.size_bytes, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Volume, disk: Disk, progress: Progress) -> None:
    """Copy another volume's disk, which nobody has open, and give it the new size."""
    if source.disk is None:
        raise ValueError(f"Volume {source.pk} has no disk to copy.")
    pool = disks.pool_of(disk)
    if source.disk.layer is not None or source.disk.pool_id != disk.pool_id:
        if pool.stat(disk.volume_name) is None:
            pool.clone(disk.volume_name, disks.whole(source.disk), disk.size_bytes, progress)
        return
    if source.disk.image_id != disk.image_id:
        disk.image = source.disk.image
        disk.save(update_fields=["image"])
    if pool.stat(disk.volume_name) is None:
        pool.copy(source.disk.volume_name, disk.partial_name, progress)
        pool.resize(disk.partial_name, disk.size_bytes)
        pool.rename(disk.partial_name, disk.volume_name)


def _clone(snapshot: VolumeSnapshot, disk: Disk, progress: Progress) -> None:
    """Copy a snapshot's data, which nobody writes."""
    if snapshot.layer is None:
        raise ValueError(f"Snapshot {snapshot.pk} has no data.")
    layer = disks.layer_spec(snapshot.layer, disks.pool_of(snapshot.layer.disk))
    disks.pool_of(disk).clone(disk.volume_name, layer, disk.size_bytes, progress)
