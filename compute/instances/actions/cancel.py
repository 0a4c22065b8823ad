"""Cancel: have what is being done to an instance undone, as long as that helps."""

from itertools import dropwhile
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import Conflict
from compute.engine import operations
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.operations import plans
from compute.instances.models import Instance


class Cancel(Action):
    """Done at once: the operation notices, undoes what it did, and leaves the instance as it was."""

    verb = "cancel"
    label = gettext_lazy("Cancel")
    icon = "arrow-back-up"
    confirm = gettext_lazy("What was done so far is undone.")
    bulk = False
    in_place = True

    def applies(self, instance: Instance) -> bool:
        operation = instance.open_operation if instance.task_state else None
        return operation is not None and not too_late(operation)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raises Conflict saying why there is nothing to cancel."""
        operation = instance.operations.open().order_by("sequence").first()
        if operation is None:
            raise Conflict(_("Nothing is being done to it now."))
        if reason := too_late(operation):
            raise Conflict(reason)
        if not operations.cancel_unless(operation, _final_steps(operation)):
            raise Conflict(_("It has gone too far to be cancelled."))
        return {"operation": str(operation.pk), "kind": operation.kind}


def too_late(operation: Operation) -> str:
    """Why the operation cannot be cancelled; empty when it can."""
    if operation.cancel_requested or operation.state == Operation.State.UNDOING:
        return _("It is being undone already.")
    plan = plans.get(operation.kind)
    if not isinstance(plan, Action) or not plan.cancellable:
        return _("This cannot be cancelled.")
    if operation.step in _final_steps(operation):
        return _("It has gone too far to be cancelled.")
    return ""


def _final_steps(operation: Operation) -> list[str]:
    """Names of the first step that cannot be undone and of those after it."""
    return [step.name for step in dropwhile(lambda step: not step.final, plans[operation.kind].steps)]
