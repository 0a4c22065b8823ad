"""Volumes of disks, made and deleted by the driver."""

from compute.driver.files import Progress
from compute.driver.specs import BackingSpec
from compute.driver.storage.pool import Pool
from compute.hosts.models import Hypervisor
from compute.hosts.services import pools
from compute.images.models import Image
from compute.volumes.models import Disk, DiskLayer


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


def base_of(disk: Disk, image: Image) -> Image | None:
    """Return what the disk stands on if it has the image's data: the image's copy where its pool has that."""
    return image if pools.is_own(disk.pool) else None


def bring_image(disk: Disk, name: str, image: Image, progress: Progress) -> None:
    """Create the volume `name` in the disk's pool with the image's data. An existing one is success. Raise DriverError.

    It is an overlay of the image's copy, or has the data itself in a pool without copies of images.
    """
    pool, host = pool_of(disk), pools.reaching(disk.pool)
    if host is None or base_of(disk, image):
        pool.overlay(name, image.volume_name, disk.size_bytes, image.volume_format)
    elif pool.stat(name) is None:
        pool.clone(name, image_spec(image, pools.own(host)), disk.size_bytes, progress)


def whole(disk: Disk) -> BackingSpec:
    """Return the disk's volume with all that lies below it."""
    pool = pool_of(disk)
    return BackingSpec(source=pool.source_of(disk.volume_name), format="qcow2", backing=backing(disk, pool))


def delete_volume(disk: Disk) -> None:
    """Delete the disk's volume, complete or partial, but not its row. Raise DriverError."""
    if disk.role == Disk.Role.CDROM:
        return  # the image's copy serves others
    pool = pool_of(disk)
    for name in (disk.partial_name, disk.volume_name):
        pool.delete(name)


def delete_layers(disk: Disk) -> None:
    """Delete all layers of a disk whose volume is deleted. Raise DriverError."""
    pool = pool_of(disk)
    Disk.objects.filter(pk=disk.pk).update(layer=None)
    for layer in disk.layers.order_by("-created_at", "-pk"):
        pool.delete(layer.file_name)
    DiskLayer.objects.filter(disk=disk).update(parent=None)
    DiskLayer.objects.filter(disk=disk).delete()


def remove(disk: Disk) -> None:
    """Delete the disk's volume, complete or partial, what lies under it alone, and its row. Raise DriverError."""
    delete_volume(disk)
    delete_layers(disk)
    Disk.objects.filter(pk=disk.pk).delete()


def backing(disk: Disk, pool: Pool) -> BackingSpec | None:
    """Return the disk's backing file by its row, since QEMU must not trust the header of a guest's file."""
    if disk.layer is not None:
        return layer_spec(disk.layer, pool)
    return None if disk.image is None else image_spec(disk.image, pool)


def layer_spec(layer: DiskLayer, pool: Pool) -> BackingSpec:
    """Return a layer with all that lies below it. Costs a query a layer."""
    return BackingSpec(source=pool.source_of(layer.file_name), format="qcow2", backing=below(layer, pool))


def below(layer: DiskLayer, pool: Pool) -> BackingSpec | None:
    """Return what a layer lies over; None if it is the lowest."""
    if layer.parent is not None:
        return layer_spec(layer.parent, pool)
    return None if layer.image is None else image_spec(layer.image, pool)


def image_spec(image: Image, pool: Pool) -> BackingSpec:
    """Return the pool's copy of an image."""
    return BackingSpec(source=pool.source_of(image.volume_name), format=image.volume_format)
