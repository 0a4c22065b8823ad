"""The states and tasks of instances. Actions define the moves between them.

The values are Nova's (nova.compute.vm_states, task_states), so that every client's waiters know them.
"""

from enum import StrEnum


class VmState(StrEnum):
    """The state of an instance without a task."""

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
"""States with a screen. An instance resized while it was off is RESIZED too, and has none until it is started."""


class TaskState(StrEnum):
    """The running task of an instance."""

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
    CHANGING_MEDIUM = "changing_medium"
    TAKING_SNAPSHOT = "taking_snapshot"
    REVERTING = "reverting"
    IMAGE_SNAPSHOT = "image_snapshot"
    IMAGE_UPLOADING = "image_uploading"
    UPDATING_PASSWORD = "updating_password"  # noqa: S105 - Nova's word for the task


class Colour(StrEnum):
    """The colour of a status, which its label always accompanies."""

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
    """Return the Compute API's status of the pair (API reference, servers, status)."""
    # Of one in error, Nova shows a rebuild alone. Clients that wait for it take ERROR for its end.
    if task_state in _TASK_STATUS and (vm_state != VmState.ERROR or task_state == TaskState.REBUILDING):
        return _TASK_STATUS[TaskState(task_state)]
    return _STATUS[VmState(vm_state)][0]


def colour(vm_state: str, task_state: str | None) -> Colour:
    """Return blue during a task, else the state's own colour."""
    return Colour.BLUE if task_state else _STATUS[VmState(vm_state)][1]


ANY_TASK = frozenset(TaskState)
# A deletion may only be interrupted by another that goes as far, so that nothing deleted comes back.
BUT_DELETING = ANY_TASK - {TaskState.DELETING}
BUT_ANY_DELETING = BUT_DELETING - {TaskState.SOFT_DELETING}
EXISTING = frozenset(VmState) - {VmState.SOFT_DELETED, VmState.DELETED}
RUNS_OR_OFF = frozenset({VmState.ACTIVE, VmState.STOPPED})
