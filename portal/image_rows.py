"""Images as pages show them: their state in words, and what may be done with each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import images, resumable

STATES = {
    Image.Status.UPLOADING: (Image.Status.UPLOADING.label, "secondary"),
    Image.Status.ACTIVE: (gettext_lazy("Ready"), "green"),
    Image.Status.DEACTIVATED: (gettext_lazy("Deactivated"), "yellow"),
    Image.Status.ERROR: (gettext_lazy("Error"), "red"),
}
"""{status: label and color} of images that nothing is being done to."""

VISIBILITIES = {
    "private": gettext_lazy("This project"),
    "shared": gettext_lazy("This project, and those that it is shared with"),
    "community": gettext_lazy("Everybody who has its id"),
    "public": gettext_lazy("Everybody"),
}
FORMATS: dict[str, str | Promise] = {
    "qcow2": "QCOW2",
    "raw": gettext_lazy("Raw"),
    "iso": "ISO",
    "vmdk": "VMDK (VMware)",
    "vdi": "VDI (VirtualBox)",
    "vhd": "VHD",
    "vhdx": "VHDX (Hyper-V)",
    "ami": "AMI",
    "ari": "ARI",
    "aki": "AKI",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An image; `operation` is the open one."""

    image: Image
    operation: Operation | None
    may_change: bool
    may_delete: bool
    upload: resumable.State | None

    @property
    def progress(self) -> dict[str, Any] | None:
        """Return how far the copy is while it is being taken, or the data while they are imported."""
        return self.operation.progress if self.operation else None

    @property
    def awaits_data(self) -> bool:
        """Return whether a file may be uploaded, or the rest of one."""
        return self.upload is not None or (
            self.image.status == Image.Status.QUEUED and self.image.task_state is None
        )

    @property
    def has_data(self) -> bool:
        has_file = self.image.status in {Image.Status.ACTIVE, Image.Status.DEACTIVATED}
        return has_file and not self.image.is_of_volumes

    @property
    def is_launchable(self) -> bool:
        return self.image.status == Image.Status.ACTIVE and self.image.disk_format not in images.NO_BOOT

    @property
    def format(self) -> str | Promise:
        """Return the name of the format of the data."""
        return FORMATS.get(self.image.disk_format, self.image.disk_format)

    @property
    def visibility(self) -> str | Promise:
        """Return who may launch from it."""
        return VISIBILITIES[self.image.visibility]

    @property
    def is_busy(self) -> bool:
        return self.image.status == Image.Status.IMPORTING or (
            self.image.status in Image.UNFINISHED
            and (self.image.upload is not None or self.image.taken_from is not None)
        )

    @property
    def failure(self) -> str:
        """Return why the last import failed; empty if the image got data since."""
        fault = self.image.fault if self.image.status == Image.Status.QUEUED else None
        return str(fault["message"]) if fault else ""

    @property
    def state(self) -> tuple[str | Promise, str]:
        """Return the label of the state, and its color."""
        if self.image.status == Image.Status.IMPORTING:
            return Image.Status.IMPORTING.label, "blue"
        if self.upload:
            return _("Being uploaded"), "blue"
        if self.is_busy:
            return (_("Being uploaded") if self.image.upload else _("Being taken")), "blue"
        if self.failure:
            return _("Import failed"), "red"
        return STATES.get(Image.Status(self.image.status), (_("No data yet"), "secondary"))


def rows_of(context: Context, listed: Iterable[Image]) -> list[Row]:
    """Return the rows of images that were read with their open operations."""
    return [
        Row(
            image=image,
            operation=image.open_operation,
            may_change=images.may_update(context, image),
            may_delete=images.may_delete(context, image),
            upload=resumable.state_of(image),
        )
        for image in listed
    ]
