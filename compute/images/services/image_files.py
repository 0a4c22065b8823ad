"""Image files on this machine: let through the gate before anything opens them, then named by their row's id."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from compute.driver.files import CHUNK, PRIVATE, Progress
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools
from compute.images.models import Image
from compute.images.services import gate


def measure(path: Path, progress: Progress = lambda _done, _total: None) -> dict[str, Any]:
    """Return the row's fields of a qcow2 file; `progress(done, total)` counts bytes. Raise BadInput as the gate does."""
    inspection, size, digest = gate.inspect(path, "qcow2"), path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            progress(file.tell(), size)
    return {
        "disk_format": inspection.format,
        "size": size,
        "virtual_size": inspection.virtual_size,
        "checksum": digest.hexdigest(),
    }


def adopt(path: Path, name: str, **fields: Any) -> Image:
    """Move an image file among ours and make it launchable. Raise BadInput as the gate does."""
    image = Image(name=name, status=Image.Status.ACTIVE, **measure(path), **fields)
    # First the file, then the row: a row promises its file, a file alone is only waste.
    path.chmod(PRIVATE)
    os.replace(path, file_of(image))
    image.save()
    return image


READ = 256 * 1024
"""Bytes to wait for at a time: few enough that a slow upload is seen to go on."""


class Body(Protocol):
    """Data that are read as they come."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


def write_part(image: Image, body: Body, watch: Callable[[int], None]) -> tuple[int, str]:
    """Write data beside the image's file to come. Return their size and digest.

    `watch` is called with the size so far before more is written; what it raises breaks off.
    """
    size, digest = 0, hashlib.sha256()
    with open(os.open(_part_of(image), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb", 0) as file:
        while chunk := body.read(READ):
            size += len(chunk)
            watch(size)
            file.write(chunk)
            digest.update(chunk)
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def inspect_part(image: Image) -> int:
    """Return the size as a disk of what was written. Raise BadInput as the gate does."""
    name = image.name or str(image.pk)
    return gate.inspect(_part_of(image), image.disk_format, name=name).virtual_size


def finish_part(image: Image) -> None:
    """Make what was written the image's file."""
    _part_of(image).replace(file_of(image))


def remove_part(image: Image) -> None:
    """Remove what one upload wrote. A missing file is a success."""
    _part_of(image).unlink(missing_ok=True)


def _part_of(image: Image) -> Path:
    """Return the path of what the image's upload writes, one that no other upload of the image writes."""
    return Path(hosts.IMAGES / f".{image.pk}.{image.upload}.part")


def file_of(image: Image) -> Path:
    """Return the path of the image's file."""
    return Path(hosts.IMAGES / str(image.pk))


def remove_file(image_id: object) -> None:
    """Remove an image's file and any unfinished part. A missing file is a success."""
    file = Path(hosts.IMAGES / str(image_id))
    for path in (*file.parent.glob(f".{image_id}.*part"), file):
        path.unlink(missing_ok=True)


def evict(hypervisor: Hypervisor) -> None:
    """Remove the copies of deleted images from the host's pool. Raise DriverError."""
    pool = pools.own(hypervisor)
    copies = {volume.name for volume in pool.list() if volume.name.startswith(Image.COPY)}
    images = Image.objects.exclude(status=Image.Status.DELETED)
    for name in sorted(copies - {image.volume_name for image in images}):
        pool.delete(name)
