"""Delete: power off and move to the recycle bin, from where it can be restored for a while."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.instances.actions.image_making import forget_shelved_image
from compute.instances.actions.purge import Purge
from compute.instances.actions.resize import LetGoOfOldDisk
from compute.instances.actions.steps import PowerOff, power_before
from compute.instances.actions.unrescue import RemoveRescueDisk
from compute.instances.models import Instance
from compute.instances.services import transitions


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
