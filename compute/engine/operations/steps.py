"""Steps of actions, and plans, which are actions as the engine sees them."""

from enum import StrEnum
from typing import ClassVar, Protocol

from compute.engine.models import Operation
from compute.engine.operations.run import Run


class Where(StrEnum):
    """The workers in which a step may run: those of the operation's host, or any."""

    HOST = "host"
    ANYWHERE = "anywhere"


class Step:
    """One piece of work that is safe to repeat.

    `do` checks, then acts. A result that is there already is success, so that a second worker can continue where the
    first one died. `undo` removes all that `do` may have made, also if it was interrupted. Names derive from ids,
    never from a choice of an earlier attempt.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    """English, marked with gettext_noop. Pages translate it."""
    final: ClassVar[bool] = False
    """Whether the operation cannot be cancelled once this step has begun."""
    where: ClassVar[Where] = Where.HOST
    """Where it runs. A step that needs a host's files, guests or networks runs on that host."""

    def do(self, run: Run) -> None:
        raise NotImplementedError

    def undo(self, run: Run) -> None:
        """Remove the results of `do`. By default there are none that outlive the subject."""


class Plan(Protocol):
    """An action as the engine sees it. The endings run in the transaction that closes the operation."""

    steps: tuple[Step, ...]

    def succeeded(self, operation: Operation) -> None: ...
    def failed(self, operation: Operation) -> None: ...
    def cancelled(self, operation: Operation) -> None: ...
    def stuck(self, operation: Operation) -> None: ...


plans: dict[str, Plan] = {}
"""{operation kind: plan}, filled by `compute.engine.actions.registry`."""
