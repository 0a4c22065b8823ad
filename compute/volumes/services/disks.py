"""From disks to the driver: their volumes, made and removed."""

from compute.driver.specs import BackingSpec
from compute.driver.storage.pool import Pool
from compute.hosts.services import pools
from compute.volumes.models import Disk


def pool_of(disk: Disk) -> Pool:
    """Return the pool of the disk, as this process's host knows it."""
    return pools.handle(disk.pool)


def make(disk: Disk) -> None:
    """Make the disk's volume, over its image or empty; there already is success. Raise DriverError."""
    pool = pool_of(disk)
    if disk.image is not None:
        pool.overlay(disk.volume_name, disk.image.volume_name, disk.size_bytes, disk.image.volume_format)
    elif pool.stat(disk.volume_name) is None:
        pool.create(disk.volume_name, disk.size_bytes)


def delete_volume(disk: Disk) -> None:
    """Delete the disk's volume, whole or not; its row stays. Raise DriverError."""
    pool = pool_of(disk)
    for name in (disk.partial_name, disk.volume_name):
        pool.delete(name)


def remove(disk: Disk) -> None:
    """Delete the disk's volume, whole or not, and its row. Raise DriverError."""
    delete_volume(disk)
    Disk.objects.filter(pk=disk.pk).delete()


def backing(disk: Disk) -> BackingSpec | None:
    """Return the layer under the disk, as its row says: QEMU must not believe what a file says of itself."""
    if disk.image is None:
        return None
    return BackingSpec(
        source=pool_of(disk).source_of(disk.image.volume_name), format=disk.image.volume_format
    )
