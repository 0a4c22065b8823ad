"""The gate that every image passes before anything opens it: its true format, and nothing beside its own bytes.

A file's header may name other files, which QEMU would read, and grow without end. So the format must be the declared
one, stand alone, and have a size that a disk may have (oslo.utils, `format_inspector`).
"""

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from oslo_utils.imageutils import format_inspector

from accounts.errors import BadInput
from compute.images.models.image import RAW_FORMATS

FORMATS = ("qcow2", "raw", "iso", "vmdk", "vdi", "vhd", "vhdx", "ami", "ari", "aki")
"""Glance's names of the formats that images may have."""

_DETECTED = {"gpt": "raw"}
"""Formats that the inspector tells apart and we do not."""

MOST_VIRTUAL_BYTES = 64 * 2**40
"""The largest disk that an image may say it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The true format of a file, whatever its name says; its size as a disk in bytes."""

    format: str
    virtual_size: int


def inspect(path: Path, declared: str, *, name: str = "") -> Inspection:
    """Return the format of an image file, which must be the declared one. Raise BadInput unless it stands alone.

    `name` is what the file is called in errors.
    """
    name = name or path.name
    try:
        inspector = format_inspector.detect_file_format(str(path))
        if inspector is not None:
            inspector.safety_check()
    except (format_inspector.ImageFormatError, format_inspector.SafetyCheckFailed) as error:
        raise BadInput(
            _("%(file)s is not safe to use: %(reason)s") % {"file": name, "reason": error}
        ) from error
    detected = _DETECTED.get(str(inspector), str(inspector)) if inspector is not None else "raw"
    if detected not in FORMATS or detected != ("raw" if declared in {"ami", "ari", "aki"} else declared):
        raise BadInput(
            _("%(file)s is declared as %(wanted)s, and is %(detected)s.")
            % {"file": name, "wanted": declared, "detected": detected}
        )
    virtual_size = int(inspector.virtual_size) if inspector is not None else path.stat().st_size
    if detected in RAW_FORMATS:
        virtual_size = path.stat().st_size
    if not 0 <= virtual_size <= MOST_VIRTUAL_BYTES:
        raise BadInput(
            _("%(file)s says that it is a disk of %(size)s bytes.") % {"file": name, "size": virtual_size}
        )
    return Inspection(format=declared, virtual_size=virtual_size)
