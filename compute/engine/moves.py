"""Moves: from which states a verb may begin, what is shown meanwhile, and where it ends. Data, no behaviour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One verb's way through the states of its kind.

    `end` and `failed` are the states after success and after a run that was given up; None keeps the state that
    it started from. `interrupts` lists the tasks during which it may begin all the same: what runs is cancelled.
    """

    start: frozenset[str]
    task: str
    end: str | None
    failed: str | None = None
    interrupts: frozenset[str] = frozenset()

    def allows(self, state: str, task_state: str | None) -> bool:
        """Return whether the verb may begin in this state, while this task is at work."""
        return state in self.start and (task_state is None or task_state in self.interrupts)
