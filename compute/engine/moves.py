"""Moves: the states in which a verb may begin, the task while it runs, and the states in which it ends."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One verb's transition between the states of its kind.

    `end` and `failed` are the states after success and after failure; None keeps the present state. `interrupts` are
    the tasks during which it may begin nevertheless, and whose operations it cancels.
    """

    start: frozenset[str]
    task: str
    end: str | None
    failed: str | None = None
    interrupts: frozenset[str] = frozenset()

    def allows(self, state: str, task_state: str | None) -> bool:
        """Return whether the verb may begin in this state during this task."""
        return state in self.start and (task_state is None or task_state in self.interrupts)
