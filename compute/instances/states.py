"""Every state and task of an instance, as data. Actions say which moves there are between them.

`vm_state` is what an instance is, `task_state` what is being done to it: Nova's words
(nova.compute.vm_states, task_states), so that every client's waiters know them.
"""

from enum import StrEnum


class VmState(StrEnum):
    """What an instance is when nothing is being done to it."""

    BUILDING = "building"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    RESCUED = "rescued"
    RESIZED = "resized"
    SHELVED = "shelved_offloaded"
    STOPPED = "stopped"
    ERROR = "error"
    SOFT_DELETED = "soft-delete"
    DELETED = "deleted"


RUNNING = frozenset({VmState.ACTIVE, VmState.PAUSED, VmState.RESCUED, VmState.RESIZED})
"""What has a screen. One that was off when it was resized is RESIZED and has none until it is started."""


class TaskState(StrEnum):
    """What is being done to an instance."""

    SCHEDULING = "scheduling"
    STORAGE = "block_device_mapping"
    NETWORKING = "networking"
    SPAWNING = "spawning"
    POWERING_ON = "powering-on"
    POWERING_OFF = "powering-off"
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    PAUSING = "pausing"
    UNPAUSING = "unpausing"
    SUSPENDING = "suspending"
    RESUMING = "resuming"
    RESCUING = "rescuing"
    UNRESCUING = "unrescuing"
    REBUILDING = "rebuilding"
    RESIZING = "resize_migrating"
    GROWING = "growing"
    RESIZE_CONFIRMING = "resize_confirming"
    RESIZE_REVERTING = "resize_reverting"
    SHELVING = "shelving"
    UNSHELVING = "unshelving"
    SOFT_DELETING = "soft-deleting"
    DELETING = "deleting"
    RESTORING = "restoring"
    CLONING = "cloning"
    IMAGE_SNAPSHOT = "image_snapshot"
    IMAGE_UPLOADING = "image_uploading"
    UPDATING_PASSWORD = "updating_password"  # noqa: S105 - Nova's word for the task


class Colour(StrEnum):
    """How a status looks; the word beside it always says the same."""

    GREEN = "green"
    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"
    GREY = "secondary"


_STATUS: dict[VmState, tuple[str, Colour]] = {
    VmState.BUILDING: ("BUILD", Colour.BLUE),
    VmState.ACTIVE: ("ACTIVE", Colour.GREEN),
    VmState.PAUSED: ("PAUSED", Colour.YELLOW),
    VmState.SUSPENDED: ("SUSPENDED", Colour.YELLOW),
    VmState.RESCUED: ("RESCUE", Colour.YELLOW),
    VmState.RESIZED: ("VERIFY_RESIZE", Colour.YELLOW),
    VmState.SHELVED: ("SHELVED_OFFLOADED", Colour.GREY),
    VmState.STOPPED: ("SHUTOFF", Colour.GREY),
    VmState.ERROR: ("ERROR", Colour.RED),
    VmState.SOFT_DELETED: ("SOFT_DELETED", Colour.GREY),
    VmState.DELETED: ("DELETED", Colour.GREY),
}
_TASK_STATUS = {
    TaskState.REBOOTING: "REBOOT",
    TaskState.REBOOTING_HARD: "HARD_REBOOT",
    TaskState.REBUILDING: "REBUILD",
    TaskState.RESIZING: "RESIZE",
    TaskState.RESIZE_REVERTING: "REVERT_RESIZE",
}


def status(vm_state: str, task_state: str | None) -> str:
    """The Compute API's status of the pair (API reference, servers, status)."""
    if task_state in _TASK_STATUS and vm_state != VmState.ERROR:
        return _TASK_STATUS[TaskState(task_state)]
    return _STATUS[VmState(vm_state)][0]


def colour(vm_state: str, task_state: str | None) -> Colour:
    """Blue while something is being done, else the state's own."""
    return Colour.BLUE if task_state else _STATUS[VmState(vm_state)][1]


ANY_TASK = frozenset(TaskState)
# What is being deleted is never brought back: only a deletion that goes as far may interrupt one.
BUT_DELETING = ANY_TASK - {TaskState.DELETING}
BUT_ANY_DELETING = BUT_DELETING - {TaskState.SOFT_DELETING}
EXISTING = frozenset(VmState) - {VmState.SOFT_DELETED, VmState.DELETED}
RUNS_OR_OFF = frozenset({VmState.ACTIVE, VmState.STOPPED})
