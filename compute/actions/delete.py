"""Delete: power off and move to the recycle bin, from where it can be restored for a while."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.actions.base import Action
from compute.actions.image_making import forget_shelved_image
from compute.actions.purge import Purge
from compute.actions.resize import LetGoOfOldDisk
from compute.actions.steps import PowerOff, power_before
from compute.actions.unrescue import RemoveRescueDisk
from compute.models import Instance, Operation
from compute.services import transitions


class Delete(Action):
    verb = "delete"
    label = _("Delete")
    icon = "trash"
    danger = True
    confirm = _("It is powered off and moved to the recycle bin.")
    steps = (PowerOff(), LetGoOfOldDisk(), RemoveRescueDisk())

    def instead(self, instance: Instance) -> Action:
        """What never ran is not worth keeping, and a bin that keeps for no time keeps nothing."""
        return Purge() if instance.launched_at is None or settings.RECYCLE_HOURS == 0 else self

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        transitions.change(instance, restore_to=power_before(instance))
        return {}

    def succeeded(self, operation: Operation) -> None:
        forget_shelved_image(operation.instance)
        transitions.change(
            operation.instance, deleted_at=timezone.now(), rescue_image=None, resized_from=None
        )
        super().succeeded(operation)
