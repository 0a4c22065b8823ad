"""Volumes of disks, made and deleted by the driver."""

from compute.driver.specs import BackingSpec
from compute.driver.storage.pool import Pool
from compute.hosts.models import Hypervisor
from compute.hosts.services import pools
from compute.volumes.models import Disk


def pool_of(disk: Disk, host: Hypervisor | None = None) -> Pool:
    """Return the driver's handle of the disk's pool on a host, by default this process's."""
    return pools.on(disk.pool, host) if host else pools.handle(disk.pool)


def make(disk: Disk) -> None:
    """Create the disk's volume, over its image or empty. A volume that exists is success. Raise DriverError."""
    pool = pool_of(disk)
    if disk.image is not None:
        pool.overlay(disk.volume_name, disk.image.volume_name, disk.size_bytes, disk.image.volume_format)
    elif pool.stat(disk.volume_name) is None:
        pool.create(disk.volume_name, disk.size_bytes)


def delete_volume(disk: Disk) -> None:
    """Delete the disk's volume, complete or partial, but not its row. Raise DriverError."""
    pool = pool_of(disk)
    for name in (disk.partial_name, disk.volume_name):
        pool.delete(name)


def remove(disk: Disk) -> None:
    """Delete the disk's volume, complete or partial, and its row. Raise DriverError."""
    delete_volume(disk)
    Disk.objects.filter(pk=disk.pk).delete()


def backing(disk: Disk, pool: Pool) -> BackingSpec | None:
    """Return the disk's backing file by its row, since QEMU must not trust the header of a guest's file."""
    if disk.image is None:
        return None
    return BackingSpec(source=pool.source_of(disk.image.volume_name), format=disk.image.volume_format)
