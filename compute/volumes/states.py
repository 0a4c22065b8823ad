"""The states and tasks of volumes, their snapshots and their backups, in Cinder's words (API reference, volumes, status)."""

from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
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
    MOVING = "moving"
    REVERTING = "reverting"
    BACKING_UP = "backing-up"
    RESTORING = "restoring-backup"


BORROWED_TASKS: dict[str, str | Promise] = {VolumeTask.BACKING_UP: _("Backing up")}
"""{task: label} of a volume while an action on another noun has it."""


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


class BackupState(models.TextChoices):
    """The state of a backup without a task."""

    CREATING = "creating", _("Being created")
    AVAILABLE = "available", _("Available")
    ERROR = "error", _("Error")
    DELETED = "deleted", _("Deleted")


class BackupTask(StrEnum):
    """The running task of a backup. Cinder shows it as the status, but for the last."""

    CREATING = "creating"
    DELETING = "deleting"
    VERIFYING = "verifying"


ANY_TASK = frozenset(VolumeTask)
EXISTING = frozenset(VolumeState) - {VolumeState.DELETED}
READY = frozenset({VolumeState.AVAILABLE, VolumeState.IN_USE})
"""States with data."""

ATTACHABLE = frozenset({VolumeState.AVAILABLE, VolumeState.RESERVED})


UNSHOWN_TASKS = {BackupTask.VERIFYING, VolumeTask.MOVING}
"""Tasks that Cinder does not know, during which its API shows the state."""


def status(state: str, task: str | None) -> str:
    """Return Cinder's status of the pair."""
    if task in UNSHOWN_TASKS:
        return state
    return task or state
