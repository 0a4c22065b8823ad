"""The gate that every image passes before anything opens it: its true format, and nothing beside its own bytes.

A file's header may name other files, which QEMU would read, and grow without end. So the format must be the declared
one, stand alone, and have a size that a disk may have (oslo.utils, `format_inspector`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from oslo_utils.imageutils import format_inspector

from accounts.errors import BadInput
from compute.images.models.image import RAW_FORMATS

FORMATS = ("qcow2", "raw", "iso", "vmdk", "vdi", "vhd", "vhdx", "ami", "ari", "aki")
"""Glance's names of the formats that images may have."""

_DETECTED = {"gpt": "raw"}
"""Formats that the inspector tells apart and we do not."""

CHUNK = 1 << 20
MOST_VIRTUAL_BYTES = 64 * 2**40
"""The largest disk that an image may say it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The true format of a file, whatever its name says; its size as a disk in bytes."""

    format: str
    virtual_size: int


class Refused(BadInput):
    """The gate does not let the data in."""


class Gate:
    """Inspects data while they pass, so that they are read once. `name` is what they are called in errors.

    Where no format is declared, any is let in.
    """

    def __init__(self, declared: str, *, name: str) -> None:
        self._declared, self._name = declared, name
        self._passing: bytes | bytearray | memoryview = b""
        self._inspector = format_inspector.InspectWrapper(self)
        self._size = 0
        self._decided = False
        self._error: format_inspector.ImageFormatError | None = None

    def read(self, _size: int) -> bytes | bytearray | memoryview:
        """Return the data that pass, to the inspector."""
        return self._passing

    def pass_on(self, data: bytes | bytearray | memoryview) -> None:
        """Look at the next data. Every header is looked at until one format is certain, as for a file."""
        self._size += len(data)
        if self._decided:
            return
        self._passing = data
        self._inspector.read(len(data))
        try:
            self._decided = self._inspector.format is not None
        except format_inspector.ImageFormatError as error:
            self._decided, self._error = True, error

    def end(self) -> Inspection:
        """Return the format of all that passed, which must be the declared one. Raise Refused unless it stands alone."""
        inspector = self._format()
        detected = _DETECTED.get(str(inspector), str(inspector)) if inspector is not None else "raw"
        declared = self._declared or detected
        if detected not in FORMATS or detected != ("raw" if declared in {"ami", "ari", "aki"} else declared):
            raise Refused(
                _("%(file)s is declared as %(wanted)s, and is %(detected)s.")
                % {"file": self._name, "wanted": declared, "detected": detected}
            )
        is_raw = inspector is None or detected in RAW_FORMATS
        virtual_size = self._size if is_raw else int(inspector.virtual_size)
        if not 0 <= virtual_size <= MOST_VIRTUAL_BYTES:
            raise Refused(
                _("%(file)s says that it is a disk of %(size)s bytes.")
                % {"file": self._name, "size": virtual_size}
            )
        return Inspection(format=declared, virtual_size=virtual_size)

    def _format(self) -> Any:
        """Return the inspector of the one format, found safe. Raise Refused."""
        try:
            if self._error is not None:
                raise self._error
            if not self._decided:
                self._inspector.close()
            inspector = self._inspector.format
            if inspector is not None:
                inspector.safety_check()
        except format_inspector.SafetyCheckFailed as error:
            reasons = "; ".join(str(reason) for reason in error.failures.values())
            raise self._unsafe(reasons) from error
        except format_inspector.ImageFormatError as error:
            raise self._unsafe(str(error)) from error
        return inspector

    def _unsafe(self, reason: str) -> Refused:
        return Refused(_("%(file)s is not safe to use: %(reason)s") % {"file": self._name, "reason": reason})


def inspect(path: Path, declared: str) -> Inspection:
    """Return the format of an image file. Raise Refused as `Gate.end` does."""
    gate = Gate(declared, name=path.name)
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            gate.pass_on(data)
    return gate.end()
