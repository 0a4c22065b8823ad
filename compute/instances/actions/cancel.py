"""Cancel: undo the operation that runs on an instance, until one of its final steps begins."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.actions.cancelling import cancel_current, cancel_refusal
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance


class Cancel(InstanceAction):
    """Request the cancellation at once. The operation undoes its steps and restores the instance."""

    verb = "cancel"
    label = _("Cancel")
    icon = "arrow-back-up"
    order = 310
    confirm = _("What was done so far is undone.")
    bulk = False
    in_place = True

    def applies(self, instance: Instance) -> bool:
        operation = instance.open_operation if instance.task_state else None
        return operation is not None and not cancel_refusal(operation)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Request the cancellation of the current operation. Raise Conflict if none can be cancelled."""
        operation = cancel_current(instance)
        return {"operation": str(operation.pk), "kind": operation.kind}
