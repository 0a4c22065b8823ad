"""What the engine needs to know of an action: its steps and what to do at the end."""

from enum import StrEnum
from typing import ClassVar, Protocol

from compute.engine.models import Operation
from compute.engine.operations.run import Run


class Where(StrEnum):
    """In which workers a step may run."""

    HOST = "host"
    ANYWHERE = "anywhere"


class Step:
    """One piece of work that is safe to repeat.

    `do` looks, then acts: "already there and right" is success, so that a second worker can go on where
    the first one died. `undo` removes whatever `do` may have made, also when it was cut off half way.
    Names of things come from ids, never from what an earlier attempt happened to choose.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    """English, marked with gettext_noop; pages translate it."""
    final: ClassVar[bool] = False
    """The run cannot be cancelled once this step has begun."""
    where: ClassVar[Where] = Where.HOST
    """A step that touches a host's files, guests or networks runs in a worker of that host."""

    def do(self, run: Run) -> None:
        raise NotImplementedError

    def undo(self, run: Run) -> None:
        """Remove what `do` made. Most steps make nothing that outlives the subject."""


class Plan(Protocol):
    """An action as the engine sees it. The endings run in the transaction that closes the operation."""

    steps: tuple[Step, ...]

    def succeeded(self, operation: Operation) -> None: ...
    def failed(self, operation: Operation) -> None: ...
    def cancelled(self, operation: Operation) -> None: ...
    def stuck(self, operation: Operation) -> None: ...


plans: dict[str, Plan] = {}
"""Operation kind → plan. `compute.engine.actions.registry` fills it."""
