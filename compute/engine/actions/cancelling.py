"""What cancel verbs of all nouns share: when an operation can still be undone."""

from itertools import dropwhile

from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.engine import operations
from compute.engine.actions import registry
from compute.engine.models import Operation, Subject


def cancel_current(row: Subject) -> Operation:
    """Have what is being done to the row undone. Raise Conflict saying why it cannot be."""
    operation = Operation.objects.open().on(row.pk).order_by("created_at", "pk").first()
    if operation is None:
        raise Conflict(_("Nothing is being done to it now."))
    if reason := too_late(operation):
        raise Conflict(reason)
    if not operations.cancel_unless(operation, _final_steps(operation)):
        raise Conflict(_("It has gone too far to be cancelled."))
    return operation


def too_late(operation: Operation) -> str:
    """Return why the operation cannot be cancelled; empty when it can."""
    if operation.cancel_requested or operation.state == Operation.State.UNDOING:
        return _("It is being undone already.")
    action = registry.find(operation.kind)
    if action is None or not action.cancellable:
        return _("This cannot be cancelled.")
    if operation.step in _final_steps(operation):
        return _("It has gone too far to be cancelled.")
    return ""


def _final_steps(operation: Operation) -> list[str]:
    """The names of the first step that cannot be undone and of those after it."""
    action = registry.find(operation.kind)
    steps = action.steps if action else ()
    return [step.name for step in dropwhile(lambda step: not step.final, steps)]
