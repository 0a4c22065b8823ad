"""Rows of the layers under disks, as snapshots come and go."""

from django.db import transaction

from compute.images.models import Image
from compute.volumes.models import Disk, DiskLayer, VolumeSnapshot


def top_name(disk: Disk, key: object) -> str:
    """Return the name of the volume in which a disk goes on after the snapshot with this id."""
    return f"disk-{disk.pk}-{str(key)[:13]}"


@transaction.atomic
def add(disk: Disk, file_name: str) -> DiskLayer:
    """Make the present top a layer; the disk goes on in the volume `file_name`. Return the layer."""
    if disk.file_name == file_name and disk.layer is not None:
        return disk.layer
    layer = DiskLayer.objects.create(
        disk=disk, file_name=disk.volume_name, parent=disk.layer, image=disk.image, size_bytes=disk.size_bytes
    )
    disk.layer, disk.image, disk.file_name = layer, None, file_name
    disk.save(update_fields=["layer", "image", "file_name"])
    return layer


def above(layer: DiskLayer) -> list[Disk | DiskLayer]:
    """Return what lies directly over a layer: other layers, and the disk's top."""
    return [*layer.children.all(), *layer.tops.select_related("pool", "instance")]


def is_under(disk: Disk, layer: DiskLayer) -> bool:
    """Return whether the present top of the disk stands on the layer."""
    below = disk.layer
    while below is not None and below != layer:
        below = below.parent
    return below is not None


@transaction.atomic
def take_out(layer: DiskLayer, over: Disk | DiskLayer | None, *, file_name: str = "") -> None:
    """Remove a merged layer's row. What lay over it now lies over what is below, in the volume `file_name` if given."""
    if isinstance(over, Disk):
        over.layer, over.image = layer.parent, layer.image
        over.save(update_fields=["layer", "image"])
    elif over is not None:
        over.parent, over.image = layer.parent, layer.image
        over.save(update_fields=["parent", "image"])
    layer.delete()
    if isinstance(over, DiskLayer) and file_name:
        over.file_name = file_name
        over.save(update_fields=["file_name"])


@transaction.atomic
def revert_to(
    disk: Disk,
    layer: DiskLayer | None,
    file_name: str,
    *,
    keeper: str | None = None,
    image: Image | None = None,
) -> DiskLayer:
    """Let the disk go on in the volume `file_name`, over one of its layers, an image, or none. What it had becomes a layer.

    Return that. The volume's snapshot with the id `keeper` holds it; without one nothing does.
    """
    former = DiskLayer.objects.create(
        disk=disk, file_name=disk.volume_name, parent=disk.layer, image=disk.image, size_bytes=disk.size_bytes
    )
    if keeper is not None:
        VolumeSnapshot.objects.filter(pk=keeper).update(layer=former)
    disk.layer, disk.image, disk.file_name = layer, image, file_name
    disk.save(update_fields=["layer", "image", "file_name"])
    return former
