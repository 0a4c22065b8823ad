"""Restore: take an instance out of the recycle bin, running again if it ran before."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.services import quotas
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.instances.actions.steps import Define, PowerOnIfItRan, ReserveAddresses
from compute.instances.models import Instance
from compute.instances.services import expiry, scheduler, transitions
from compute.instances.states import VmState


class Restore(Action):
    verb = "restore"
    label = _("Restore")
    icon = "restore"
    steps = (ReserveAddresses(), Define(), PowerOnIfItRan())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Its disk was counted all the time; the rest must fit again, and its server group may have changed."""
        quotas.reserve(
            instance.project,
            {"instances": 1, "cores": instance.vcpus, "ram": instance.ram_mib},
            instance.user,
        )
        scheduler.check_group(instance)
        transitions.change(
            instance,
            vm_state=VmState(instance.restore_to),
            deleted_at=None,
            expires_at=expiry.respite(instance),
            expiry_warned_at=None,
        )
        return {}

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)

    def failed(self, operation: Operation) -> None:
        """It is out of the bin, with its disk, but off."""
        transitions.change(operation.instance, vm_state=VmState.STOPPED)
        super().failed(operation)
