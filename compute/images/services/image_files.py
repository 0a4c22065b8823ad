"""Image files on this machine: inspected before anything opens them, then kept under their row's id."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from oslo_utils.imageutils import format_inspector

from accounts.errors import BadInput
from compute.driver.errors import DriverError
from compute.driver.storage.files import CHUNK, PRIVATE, part_of
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import images
from compute.instances.models import Instance
from compute.instances.states import VmState

log = structlog.get_logger(__name__)

ACCEPTED = {"qcow2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file really is, whatever its name says; sizes in bytes."""

    format: str
    virtual_size: int


def inspect(path: Path) -> Inspection:
    """Look into an image file. Raises BadInput when it is no plain disk image or could reach other files."""
    try:
        found = format_inspector.detect_file_format(str(path))
        if found is None or str(found) not in ACCEPTED:
            wanted = ", ".join(sorted(ACCEPTED))
            raise BadInput(
                _("%(file)s is no image of format %(wanted)s.") % {"file": path.name, "wanted": wanted}
            )
        found.safety_check()
    except (format_inspector.ImageFormatError, format_inspector.SafetyCheckFailed) as error:
        raise BadInput(
            _("%(file)s is not safe to use: %(reason)s") % {"file": path.name, "reason": error}
        ) from error
    return Inspection(format=str(found), virtual_size=found.virtual_size)


def measured(path: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> dict[str, Any]:
    """What an image's row says of its file; `progress(done, total)` counts bytes. Raises BadInput as `inspect`."""
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
    """Move an image file into our care and make it launchable. Raises BadInput as `inspect` does."""
    image = Image(name=name, status=Image.Status.ACTIVE, **measured(path), **fields)
    # First the file, then the row: a row promises its file, a file alone is only waste.
    path.chmod(PRIVATE)
    os.replace(path, file_of(image))
    image.save()
    return image


def file_of(image: Image) -> Path:
    """Where the image's file is kept."""
    return Path(hosts.IMAGES / str(image.pk))


def remove_file(image_id: object) -> None:
    """Remove an image's file and what was written of it; already gone is success."""
    file = Path(hosts.IMAGES / str(image_id))
    for each in (part_of(file), file):
        each.unlink(missing_ok=True)


def retire(image: Image) -> None:
    """Offer an image no longer. It is deleted with its file, unless instances stand on it."""
    if images.instances_on(image).exists():
        images.change(image, visibility="private")
        return
    images.discard(image)
    sweep()


def sweep() -> None:
    """Remove the files of images that were deleted, then their rows; again later where a host is away."""
    for image in Image.objects.filter(status=Image.Status.DELETED):
        if images.instances_on(image).exists():
            continue
        try:
            for hypervisor in Hypervisor.objects.all():
                hosts.pool(hypervisor).delete(image.volume_name)
        except DriverError as error:
            log.warning("image's files stay for now", image=str(image.pk), reason=str(error))
            continue
        remove_file(image.pk)
        with transaction.atomic():
            gone = Instance.objects.filter(vm_state=VmState.DELETED)
            gone.filter(image=image).update(image=None)
            gone.filter(rescue_image=image).update(rescue_image=None)
            image.delete()
