"""The base class of actions: their description, their preparation and their endings."""

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
from compute.engine.operations.leftovers import describe_leftovers
from compute.engine.services import transitions

CANCELLED = {"code": "cancelled", "message": gettext_noop("This was cancelled before it was done.")}


class Action:
    """A verb of a noun. A subclass in a file of its own is registered with its button, rule and form.

    `move` lists the states in which it may begin and in which it ends. Without one the action has no operation: it is
    done at once, in every existing state. `role` is the least role that may begin it, `rules` are further rules by
    name. The endings run in the transaction that closes the operation.
    """

    noun: ClassVar[str]
    verb: ClassVar[str]
    label: ClassVar[str | Promise]
    icon: ClassVar[str]
    main: ClassVar[bool] = False
    """Whether pages show a button for it outside the menu."""
    order: ClassVar[int] = 500
    """The place in menus; 0 if menus leave it out and `begin` refuses it."""
    group: ClassVar[str | Promise] = ""
    """The heading above it and its neighbours in menus."""
    move: ClassVar[Move | None] = None
    doing: ClassVar[str | Promise] = ""
    """The label of the move's task, shown while the action runs."""
    done: ClassVar[str | Promise] = ""
    """For what is done at once, the sentence that says so, with the row's `%(name)s`."""
    undo: ClassVar[str] = ""
    """The verb that takes it back, which pages offer once it has begun."""
    role: ClassVar[str] = "member"
    rules: ClassVar[dict[str, str]] = {}
    danger: ClassVar[bool] = False
    confirm: ClassVar[str | Promise] = ""
    bulk: ClassVar[bool] = True
    schedulable: ClassVar[bool] = False
    """Whether schedules may begin it: it needs no parameter and deletes nothing for good."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Parameters that people and clients may set."""
    asks: ClassVar[bool] = False
    """Whether pages show a form for `fields` before the action begins."""
    intro: ClassVar[str | Promise] = ""
    """The text above the form's fields."""
    submit: ClassVar[str | Promise] = ""
    """The label of the form's button, `label` if empty."""
    in_place: ClassVar[bool] = False
    """Whether pages edit in place what it changes, so that menus leave it out."""
    api_name: ClassVar[str] = ""
    """The name in an OpenStack API's action request; empty if that API has no such action."""
    api_body: ClassVar[Described | None] = None
    """The schema of its parameters in that request, by microversion; None if it takes none."""
    api_history: ClassVar[str] = ""
    """The name in a server's list of actions, if not the verb."""
    reserves: ClassVar[bool] = False
    """Whether `prepare` reserves quota: the project is then locked before the row."""
    opens_locks: ClassVar[bool] = False
    cancellable: ClassVar[bool] = False
    """Whether people may cancel a run until a `final` step begins, since undoing restores what was before."""
    steps: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        """Return `noun.verb`, the kind of the action's operations."""
        return f"{self.noun}.{self.verb}"

    @property
    def kind(self) -> Kind:
        return kinds.registered()[self.noun]

    def prepare(self, context: Context, row: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        """Check and change rows in the transaction that begins. Return the operation's parameters."""
        return {}

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        """Return the secret parameters for the steps, which the operation stores sealed."""
        return {}

    def holders(self, context: Context, row: Any, parameters: dict[str, Any]) -> Iterable[Subject]:
        """Return rows of lower rank that the operation occupies too, such as the instance that has the volume.

        They are locked before the row. `parameters` are those of the request. Raise BadInput, NotFound.
        """
        return ()

    def also(self, row: Any, parameters: dict[str, Any]) -> Iterable[Subject]:
        """Return further rows that the operation occupies. `parameters` are those that `prepare` returned."""
        return ()

    def sharing(self, row: Any, parameters: dict[str, Any]) -> Iterable[Subject]:
        """Return rows that must not change while the operation runs."""
        return ()

    def applies(self, row: Any) -> bool:
        """Return whether menus show the action for this row."""
        return True

    def initial(self, row: Any) -> dict[str, str]:
        """Return the initial values of the form's fields."""
        return {}

    def rule(self, context: Context, row: Any) -> str:
        """Return the name of the rule that the asker must meet."""
        return f"{self.noun}:{self.verb}"

    def blocker(self, row: Any) -> str:
        """Return why the action is impossible for this row in any state; empty if it is possible."""
        return ""

    def redirect(self, row: Any) -> "Action":
        """Return the action to begin for this row in place of this one; mostly this one itself."""
        return self

    def end_state(self, row: Any) -> str:
        """Return the state of the row after success."""
        return (self.move.end if self.move else None) or kinds.state_of(row)

    def undone_state(self, operation: Operation, row: Any) -> str | None:
        """Return the state of the row after the operation is undone; None to keep the present state."""
        return self.move.failed if self.move else None

    def succeeded(self, operation: Operation) -> None:
        row = self.locked(operation)
        task_state = _task_after(operation, row)
        if self.move is None or self.move.end is None:  # the state is the same as before
            transitions.change(row, task_state=task_state, fault=None)
        else:
            transitions.settle(row, self.end_state(row), task_state=task_state)
        auditing.record_end(operation)

    def failed(self, operation: Operation) -> None:
        row = self.locked(operation)
        state = self.undone_state(operation, row)
        transitions.fail(row, operation.error, state, task_state=_task_after(operation, row))
        auditing.record_end(operation)

    def cancelled(self, operation: Operation) -> None:
        """Restore the row's earlier state, unless another operation waits for the row and decides its state."""
        row = self.locked(operation)
        if not queue.is_awaited(operation, row.pk):
            state = self.undone_state(operation, row)
            if state == self.kind.error_state:
                transitions.fail(row, CANCELLED, state)
            else:
                transitions.clear_task(row, state)
        auditing.record_end(operation)

    def stuck(self, operation: Operation) -> None:
        """Put the row into its error state, with a fault that describes the leftovers."""
        row = self.locked(operation)
        error = {"code": "stuck", "message": describe_leftovers(operation.leftovers)}
        transitions.fail(row, error, self.kind.error_state, task_state=_task_after(operation, row))
        auditing.record_end(operation)

    def locked(self, operation: Operation) -> Any:
        """Lock the subject until the end of the transaction, and return it."""
        return self.kind.model._default_manager.select_for_update().get(pk=operation.subject_id)


def _task_after(operation: Operation, row: Subject) -> str | None:
    """Return the task of the operation that waits for the row; None if none waits."""
    return row.task_state if queue.is_awaited(operation, row.pk) else None
