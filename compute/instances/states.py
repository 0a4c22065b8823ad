"""Every state of an instance and every move between them, as data.

`vm_state` is what an instance is, `task_state` what is being done to it: Nova's words
(nova.compute.vm_states, task_states), so that every client's waiters know them.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A verb: from which states it may start, what it shows meanwhile, and where it ends.

    `failed` is the state after a run that was given up. None, there or in `end`, keeps the state it started from.
    `interrupts`: the tasks during which it may begin all the same; what runs is then cancelled.
    """

    start: frozenset[VmState]
    task: TaskState
    end: VmState | None
    failed: VmState | None = None
    interrupts: frozenset[TaskState] = frozenset()


def _from(*states: VmState) -> frozenset[VmState]:
    return frozenset(states)


_ANY_TASK = frozenset(TaskState)
# What is being deleted is never brought back: only a deletion that goes as far may interrupt one.
_BUT_DELETING = _ANY_TASK - {TaskState.DELETING}
_BUT_ANY_DELETING = _BUT_DELETING - {TaskState.SOFT_DELETING}
_EXISTING = frozenset(VmState) - {VmState.SOFT_DELETED, VmState.DELETED}
_RUNS_OR_OFF = _from(VmState.ACTIVE, VmState.STOPPED)

MOVES: dict[str, Move] = {
    "launch": Move(
        start=_from(VmState.BUILDING), task=TaskState.SCHEDULING, end=VmState.ACTIVE, failed=VmState.ERROR
    ),
    "launch_clone": Move(
        start=_from(VmState.BUILDING), task=TaskState.STORAGE, end=VmState.ACTIVE, failed=VmState.ERROR
    ),
    "clone": Move(start=_RUNS_OR_OFF | {VmState.PAUSED, VmState.SHELVED}, task=TaskState.CLONING, end=None),
    "take_image": Move(
        start=_RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED, VmState.SHELVED},
        task=TaskState.IMAGE_SNAPSHOT,
        end=None,
    ),
    "set_password": Move(start=_from(VmState.ACTIVE), task=TaskState.UPDATING_PASSWORD, end=None),
    "start": Move(start=_from(VmState.STOPPED), task=TaskState.POWERING_ON, end=VmState.ACTIVE),
    "stop": Move(
        start=_from(VmState.ACTIVE, VmState.ERROR), task=TaskState.POWERING_OFF, end=VmState.STOPPED
    ),
    "force_stop": Move(
        start=_from(VmState.ACTIVE, VmState.PAUSED, VmState.SUSPENDED, VmState.ERROR),
        task=TaskState.POWERING_OFF,
        end=VmState.STOPPED,
        interrupts=_BUT_ANY_DELETING,
    ),
    "reboot": Move(start=_from(VmState.ACTIVE), task=TaskState.REBOOTING, end=VmState.ACTIVE),
    "force_reboot": Move(
        start=_RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED, VmState.ERROR},
        task=TaskState.REBOOTING_HARD,
        end=VmState.ACTIVE,
    ),
    "pause": Move(start=_from(VmState.ACTIVE), task=TaskState.PAUSING, end=VmState.PAUSED),
    "unpause": Move(start=_from(VmState.PAUSED), task=TaskState.UNPAUSING, end=VmState.ACTIVE),
    "suspend": Move(start=_from(VmState.ACTIVE), task=TaskState.SUSPENDING, end=VmState.SUSPENDED),
    "resume": Move(start=_from(VmState.SUSPENDED), task=TaskState.RESUMING, end=VmState.ACTIVE),
    "shelve": Move(
        start=_RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED},
        task=TaskState.SHELVING,
        end=VmState.SHELVED,
    ),
    "unshelve": Move(start=_from(VmState.SHELVED), task=TaskState.UNSHELVING, end=VmState.ACTIVE),
    "rescue": Move(start=_RUNS_OR_OFF | {VmState.ERROR}, task=TaskState.RESCUING, end=VmState.RESCUED),
    "unrescue": Move(start=_from(VmState.RESCUED), task=TaskState.UNRESCUING, end=VmState.ACTIVE),
    "rebuild": Move(start=_RUNS_OR_OFF | {VmState.ERROR}, task=TaskState.REBUILDING, end=VmState.ACTIVE),
    "grow": Move(start=_from(VmState.ACTIVE), task=TaskState.GROWING, end=None),
    "resize": Move(start=_RUNS_OR_OFF, task=TaskState.RESIZING, end=VmState.RESIZED),
    "confirm_resize": Move(
        start=_from(VmState.RESIZED), task=TaskState.RESIZE_CONFIRMING, end=VmState.ACTIVE
    ),
    "revert_resize": Move(start=_from(VmState.RESIZED), task=TaskState.RESIZE_REVERTING, end=VmState.ACTIVE),
    "delete": Move(
        start=_EXISTING,
        task=TaskState.SOFT_DELETING,
        end=VmState.SOFT_DELETED,
        interrupts=_BUT_DELETING,
    ),
    "restore": Move(start=_from(VmState.SOFT_DELETED), task=TaskState.RESTORING, end=VmState.ACTIVE),
    "purge": Move(
        start=_EXISTING | {VmState.SOFT_DELETED},
        task=TaskState.DELETING,
        end=VmState.DELETED,
        failed=VmState.ERROR,
        interrupts=_ANY_TASK,
    ),
}
"""Verb → move. What changes no state (rename, lock, …) has no row here: it is allowed in every state that exists."""


def allowed(verb: str, vm_state: str, task_state: str | None) -> bool:
    """Whether `verb` may begin now."""
    move = MOVES.get(verb)
    if move is None:
        return vm_state in _EXISTING
    return vm_state in move.start and (task_state is None or task_state in move.interrupts)
