"""Plans of a few steps, to see how the engine drives them; they touch nothing but the database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import Run, Step
from compute.instances.models import Instance
from tests import factories

KIND = "tiny"

Deed = Callable[[Run], None]


class TinyStep(Step):
    """Says in `diary` what it does, then does what the test says."""

    def __init__(self, name: str, diary: list[str], do: Deed | None, undo: Deed | None) -> None:
        self.name = name  # type: ignore[misc]
        self.label = name.title()  # type: ignore[misc]
        self._diary, self._do, self._undo = diary, do, undo

    def do(self, run: Run) -> None:
        self._diary.append(f"do {self.name}")
        if self._do:
            self._do(run)

    def undo(self, run: Run) -> None:
        self._diary.append(f"undo {self.name}")
        if self._undo:
            self._undo(run)


@dataclass
class TinyPlan:
    """Steps a, b and c unless told otherwise. `do` and `undo` hold what a step does beside its diary."""

    names: str = "abc"
    do: dict[str, Deed] = field(default_factory=dict)
    undo: dict[str, Deed] = field(default_factory=dict)
    ending: Callable[[Operation], None] | None = None
    diary: list[str] = field(default_factory=list)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(
            TinyStep(name, self.diary, self.do.get(name), self.undo.get(name)) for name in self.names
        )

    def succeeded(self, operation: Operation) -> None:
        self._end("succeeded", operation)

    def failed(self, operation: Operation) -> None:
        self._end("failed", operation)

    def cancelled(self, operation: Operation) -> None:
        self._end("cancelled", operation)

    def stuck(self, operation: Operation) -> None:
        self._end("stuck", operation)

    def _end(self, how: str, operation: Operation) -> None:
        self.diary.append(how)
        Instance.objects.filter(pk=operation.subject_id).update(name=how)
        if self.ending:
            self.ending(operation)

    def begin(self, **fields: Any) -> Operation:
        """An operation of this plan, on an instance of its own unless one is given."""
        return factories.OperationFactory(kind=KIND, **fields)

    def run(self, operation: Operation) -> Operation:
        """One worker takes it up, as soon as it may; returns the row afterwards."""
        Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now())
        operations.execute(str(operation.pk))
        return Operation.objects.get(pk=operation.pk)


def raising(error: BaseException, *, times: int = 10**6) -> Callable[[object], None]:
    """A deed that goes wrong the first `times` times."""
    left = [times]

    def deed(_subject: object) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return deed
