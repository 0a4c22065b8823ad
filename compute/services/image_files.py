"""Image files on this machine: inspected before anything opens them, then kept under their row's id."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from oslo_utils.imageutils import format_inspector

from accounts.errors import BadInput
from compute.models import Image, Instance
from compute.services import hosts

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


def adopt(path: Path, name: str, **fields: Any) -> Image:
    """Move an image file into our care and make it launchable. Raises BadInput as `inspect` does."""
    inspection = inspect(path)
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    image = Image(
        name=name,
        status=Image.Status.ACTIVE,
        disk_format=inspection.format,
        size=path.stat().st_size,
        virtual_size=inspection.virtual_size,
        checksum=checksum,
        **fields,
    )
    # First the file, then the row: a row promises its file, a file alone is only waste.
    path.chmod(0o644)
    os.replace(path, file_of(image))
    image.save()
    return image


def file_of(image: Image) -> Path:
    """Where the image's file is kept."""
    return Path(hosts.IMAGES / str(image.pk))


def retire(image: Image) -> None:
    """Offer an image no longer. It is deleted with its file, unless instances were made from it."""
    if Instance.objects.filter(image=image).exists():
        Image.objects.filter(pk=image.pk).update(visibility="private")
        return
    file_of(image).unlink(missing_ok=True)
    image.delete()
