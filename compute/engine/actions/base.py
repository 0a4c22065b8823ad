"""What every verb of every noun has in common: what it says of itself, and how its runs end."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_noop

from accounts.context import Context
from accounts.openstack.contract import Described
from compute.engine import kinds
from compute.engine.actions import auditing
from compute.engine.kinds import Kind
from compute.engine.models import Operation, Subject
from compute.engine.moves import Move
from compute.engine.operations import Step, queue
from compute.engine.operations.leftovers import left_in_words
from compute.engine.services import transitions

CANCELLED = {"code": "cancelled", "message": gettext_noop("This was cancelled before it was done.")}


class Action:
    """A verb of a noun. A subclass in a file of its own says all of itself; nothing else has to name it.

    `move` says when it may begin and where it ends; without one it is done at once, in every state that exists.
    `role` is the least role of those who may, `rules` are further rules that it asks, by name.
    The endings run in the transaction that closes the operation.
    """

    noun: ClassVar[str]
    verb: ClassVar[str]
    label: ClassVar[str | Promise]
    icon: ClassVar[str]
    main: ClassVar[bool] = False
    """Whether pages show it as a button of its own, outside the menu."""
    order: ClassVar[int] = 500
    """Its place in menus, the first ones first; 0: it has none, and begins in a way of its own."""
    move: ClassVar[Move | None] = None
    doing: ClassVar[str | Promise] = ""
    """What is shown while it runs; the words for the task of its move."""
    role: ClassVar[str] = "member"
    rules: ClassVar[dict[str, str]] = {}
    danger: ClassVar[bool] = False
    confirm: ClassVar[str | Promise] = ""
    bulk: ClassVar[bool] = True
    schedulable: ClassVar[bool] = False
    """Whether schedules may begin it: it needs no further word, and does not end for good."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Parameters that a person or a client may give."""
    asks: ClassVar[bool] = False
    """Whether pages show a form for `fields` first, rather than begin at a click."""
    intro: ClassVar[str | Promise] = ""
    """What the form says above its fields."""
    submit: ClassVar[str | Promise] = ""
    """The form's button; without it the label."""
    in_place: ClassVar[bool] = False
    """Whether pages edit on the spot what it changes, so that menus leave it out."""
    api_name: ClassVar[str] = ""
    """Its name in the body of an OpenStack API's action request; empty: that has no such action."""
    api_body: ClassVar[Described | None] = None
    """The schema of what stands there under its name, also by microversion; None: it takes no parameters."""
    api_history: ClassVar[str] = ""
    """Its name in a server's list of actions, where that is not its verb."""
    reserves: ClassVar[bool] = False
    """Whether `prepare` reserves quota: the project is then locked before the row."""
    opens_locks: ClassVar[bool] = False
    cancellable: ClassVar[bool] = False
    """Whether people may cancel a run, until one of its `final` steps begins: undone, it leaves things as they were."""
    steps: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        """What operations call it: `noun.verb`."""
        return f"{self.noun}.{self.verb}"

    @property
    def kind(self) -> Kind:
        return kinds.known()[self.noun]

    def prepare(self, context: Context, row: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        """Check and change rows in the transaction that begins; return what the steps must know."""
        return {}

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        """Return what of the given parameters the steps must know and nobody may read: it is kept sealed."""
        return {}

    def also(self, row: Any, kept: dict[str, Any]) -> Iterable[Subject]:
        """Return further rows that a run occupies. `kept` is what `prepare` returned."""
        return ()

    def sharing(self, row: Any, kept: dict[str, Any]) -> Iterable[Subject]:
        """Return rows that must stay as they are while it runs."""
        return ()

    def applies(self, row: Any) -> bool:
        """Return whether it makes sense for this row; menus leave out what does not."""
        return True

    def initial(self, row: Any) -> dict[str, str]:
        """Return what the form's fields say at first."""
        return {}

    def rule(self, context: Context, row: Any) -> str:
        """Return the name of the rule that the asker must meet."""
        return f"{self.noun}:{self.verb}"

    def blocker(self, row: Any) -> str:
        """Return why it cannot be done to this row, whatever its state; mostly nothing."""
        return ""

    def redirect(self, row: Any) -> "Action":
        """Return the action that is really meant for this row; mostly this one."""
        return self

    def end_state(self, row: Any) -> str:
        """Return where a finished run leaves the row."""
        return (self.move.end if self.move else None) or kinds.state_of(row)

    def undone_state(self, operation: Operation, row: Any) -> str | None:
        """Return where an undone run leaves the row; None: where it was."""
        return self.move.failed if self.move else None

    def succeeded(self, operation: Operation) -> None:
        row = self.locked(operation)
        task_state = _task_after(operation, row)
        if self.move is None or self.move.end is None:  # nothing has changed but what the steps wrote
            transitions.change(row, task_state=task_state, fault=None)
        else:
            transitions.settle(row, self.end_state(row), task_state=task_state)
        auditing.ended(operation)

    def failed(self, operation: Operation) -> None:
        row = self.locked(operation)
        state = self.undone_state(operation, row)
        transitions.fail(row, operation.error, state, task_state=_task_after(operation, row))
        auditing.ended(operation)

    def cancelled(self, operation: Operation) -> None:
        """Where another operation is in line, that one says what comes next; else the row is as it was."""
        row = self.locked(operation)
        if not queue.next_on(operation, row.pk):
            state = self.undone_state(operation, row)
            if state == self.kind.error_state:
                transitions.fail(row, CANCELLED, state)
            else:
                transitions.undone(row, state)
        auditing.ended(operation)

    def stuck(self, operation: Operation) -> None:
        """The row is in error, and says what was left."""
        row = self.locked(operation)
        error = {"code": "stuck", "message": left_in_words(operation.left)}
        transitions.fail(row, error, self.kind.error_state, task_state=_task_after(operation, row))
        auditing.ended(operation)

    def locked(self, operation: Operation) -> Any:
        """Return the subject, locked until the end of the transaction."""
        return self.kind.model._default_manager.select_for_update().get(pk=operation.subject_id)


def _task_after(operation: Operation, row: Subject) -> str | None:
    """Nothing, unless another operation is in line already: then the task that it announced stays."""
    return row.task_state if queue.next_on(operation, row.pk) else None
