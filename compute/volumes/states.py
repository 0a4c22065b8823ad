"""The states and tasks of volumes and their snapshots, in Cinder's words (API reference, volumes, status)."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class VolumeState(models.TextChoices):
    """The state of a volume without a task. A client has reserved one, or an administrator takes it out of use."""

    CREATING = "creating", _("Being created")
    AVAILABLE = "available", _("Available")
    IN_USE = "in-use", _("In use")
    RESERVED = "attaching", _("Reserved")
    AWAITING_TRANSFER = "awaiting-transfer", _("Awaiting transfer")
    MAINTENANCE = "maintenance", _("In maintenance")
    ERROR = "error", _("Error")
    DELETED = "deleted", _("Deleted")


class VolumeTask(StrEnum):
    """The running task of a volume. Cinder shows it as the status."""

    CREATING = "creating"
    DELETING = "deleting"
    ATTACHING = "attaching"
    DETACHING = "detaching"
    EXTENDING = "extending"
    UPLOADING = "uploading"
    RETYPING = "retyping"
    SNAPSHOTTING = "snapshotting"
    REVERTING = "reverting"


class SnapshotState(models.TextChoices):
    """The state of a snapshot without a task."""

    CREATING = "creating", _("Being created")
    AVAILABLE = "available", _("Available")
    ERROR = "error", _("Error")
    DELETED = "deleted", _("Deleted")


class SnapshotTask(StrEnum):
    """The running task of a snapshot. Cinder shows it as the status."""

    CREATING = "creating"
    DELETING = "deleting"


ANY_TASK = frozenset(VolumeTask)
EXISTING = frozenset(VolumeState) - {VolumeState.DELETED}
READY = frozenset({VolumeState.AVAILABLE, VolumeState.IN_USE})
"""States with data."""

ATTACHABLE = frozenset({VolumeState.AVAILABLE, VolumeState.RESERVED})


_UNSHOWN = {VolumeTask.SNAPSHOTTING}
"""Tasks during which Cinder shows the state, since the volume goes on meanwhile."""


def status(state: str, task: str | None) -> str:
    """Return Cinder's status of the pair."""
    if task in _UNSHOWN:
        return state
    return task or state
