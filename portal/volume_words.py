"""Labels and colors of volumes' states, and where volumes come from. The API has Cinder's own words."""

from django.utils.translation import gettext as _

from compute.engine.actions import registry
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState

COLORS: dict[str, str] = {
    VolumeState.IN_USE: "green",
    VolumeState.AVAILABLE: "secondary",
    VolumeState.ERROR: "red",
}
"""The color of each state without a task; yellow for those that are not here."""


def color(volume: Volume) -> str:
    """Return the color of the volume's badge: blue while something is being done to it."""
    return "blue" if volume.task_state else COLORS.get(volume.status, "yellow")


def task(volume: Volume) -> str:
    """Return the label of the volume's task; empty if there is none."""
    return registry.task_label("volume", volume.task_state) if volume.task_state else ""


def spoken(volume: Volume) -> str:
    """Return the state in words, for announcing that it changed."""
    return task(volume) or str(volume.get_status_display())


def source(volume: Volume) -> str:
    """Return what the volume was made of, by the name that its image had then."""
    if name := volume.image_metadata.get("image_name", ""):
        return _("Image %(name)s") % {"name": name}
    return _("Copy of a volume") if volume.source_volume_id else _("Empty")
