"""Delete: power off and move to the recycle bin, from which an instance can be restored for some time."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.services import transitions
from compute.instances.actions.base import REMOVAL, InstanceAction
from compute.instances.actions.image_making import discard_shelved_image
from compute.instances.actions.purge import Purge
from compute.instances.actions.resize import DeleteSnapshots
from compute.instances.actions.steps import PowerOff, state_to_restore
from compute.instances.actions.unrescue import RemoveRescueDisk
from compute.instances.models import Instance
from compute.instances.services import volume_disks
from compute.instances.states import BUT_DELETING, EXISTING, TaskState, VmState
from compute.volumes.models import Volume


class Delete(InstanceAction):
    verb = "delete"
    label = _("Delete")
    icon = "trash"
    order = 320
    group = REMOVAL
    powers_off = True
    move = Move(
        start=EXISTING,
        task=TaskState.SOFT_DELETING,
        end=VmState.SOFT_DELETED,
        interrupts=BUT_DELETING,
    )
    doing = _("Deleting")
    undo = "restore"
    schedulable = True
    danger = True
    confirm = _("It is powered off and kept in the recycle bin.")
    needs_guest = False
    steps = (PowerOff(), DeleteSnapshots(), RemoveRescueDisk())

    def redirect(self, instance: Instance) -> InstanceAction:
        """Return Purge for an instance that never ran, or if the recycle bin is off."""
        return Purge() if instance.launched_at is None or settings.RECYCLE_HOURS == 0 else self

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        transitions.change(instance, restore_to=state_to_restore(instance))
        return {}

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Volume]:
        """Return its volumes, which are released at the end."""
        return volume_disks.lock(instance)

    def succeeded(self, operation: Operation) -> None:
        instance = self.locked(operation)
        discard_shelved_image(instance)
        volume_disks.release_for_now(instance)
        transitions.change(instance, deleted_at=timezone.now(), rescue_image=None, resized_from=None)
        super().succeeded(operation)
