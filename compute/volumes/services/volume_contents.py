"""Contents of new volumes: none, an image's, another volume's, a snapshot's or a backup's."""

import shutil

from compute.driver.files import Progress
from compute.driver.specs import BackingSpec
from compute.hosts.services import hosts
from compute.volumes.models import Backup, Disk, Volume, VolumeSnapshot
from compute.volumes.services import backup_files, disks


def make(volume: Volume, progress: Progress) -> None:
    """Create the volume's disk. One that exists is success; `progress(done, total)` counts bytes. Raise DriverError."""
    disk = volume.disk
    if disk is None:
        raise ValueError(f"Volume {volume.pk} has no disk yet.")
    if volume.snapshot_id is not None:
        _clone(VolumeSnapshot.objects.select_related("layer").get(pk=volume.snapshot_id), disk, progress)
        return
    if volume.backup_id is not None:
        restore(
            Backup.objects.select_related("parent").get(pk=volume.backup_id), disk, disk.volume_name, progress
        )
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
