"""Image files on this machine: inspected before anything opens them, then named by their row's id."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from oslo_utils.imageutils import format_inspector

from accounts.errors import BadInput
from compute.driver.files import CHUNK, PRIVATE, Progress, part_path
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools
from compute.images.models import Image

ACCEPTED = {"qcow2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The true format of a file, whatever its name says; sizes in bytes."""

    format: str
    virtual_size: int


def inspect(path: Path) -> Inspection:
    """Return the format of an image file. Raise BadInput unless it is a plain disk image without other files."""
    try:
        inspector = format_inspector.detect_file_format(str(path))
        if inspector is None or str(inspector) not in ACCEPTED:
            formats = ", ".join(sorted(ACCEPTED))
            raise BadInput(
                _("%(file)s is no image of format %(wanted)s.") % {"file": path.name, "wanted": formats}
            )
        inspector.safety_check()
    except (format_inspector.ImageFormatError, format_inspector.SafetyCheckFailed) as error:
        raise BadInput(
            _("%(file)s is not safe to use: %(reason)s") % {"file": path.name, "reason": error}
        ) from error
    return Inspection(format=str(inspector), virtual_size=inspector.virtual_size)


def measure(path: Path, progress: Progress = lambda _done, _total: None) -> dict[str, Any]:
    """Return the row's fields of a file; `progress(done, total)` counts bytes. Raise BadInput as `inspect` does."""
    inspection, size, digest = inspect(path), path.stat().st_size, hashlib.sha256()
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
    """Move an image file among ours and make it launchable. Raise BadInput as `inspect` does."""
    image = Image(name=name, status=Image.Status.ACTIVE, **measure(path), **fields)
    # First the file, then the row: a row promises its file, a file alone is only waste.
    path.chmod(PRIVATE)
    os.replace(path, file_of(image))
    image.save()
    return image


def file_of(image: Image) -> Path:
    """Return the path of the image's file."""
    return Path(hosts.IMAGES / str(image.pk))


def remove_file(image_id: object) -> None:
    """Remove an image's file and any unfinished part. A missing file is a success."""
    file = Path(hosts.IMAGES / str(image_id))
    for path in (part_path(file), file):
        path.unlink(missing_ok=True)


def evict(hypervisor: Hypervisor) -> None:
    """Remove the copies of deleted images from the host's pool. Raise DriverError."""
    pool = pools.own(hypervisor)
    copies = {volume.name for volume in pool.list() if volume.name.startswith(Image.COPY)}
    images = Image.objects.exclude(status=Image.Status.DELETED)
    for name in sorted(copies - {image.volume_name for image in images}):
        pool.delete(name)
