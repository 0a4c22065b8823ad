"""Restore: move an instance out of the recycle bin, and start it if it ran before."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.services import quotas
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.services import transitions
from compute.instances.actions.base import REMOVAL, InstanceAction
from compute.instances.actions.steps import Define, ReserveAddresses, RestorePower
from compute.instances.models import Instance
from compute.instances.services import expiry, scheduler, volume_disks
from compute.instances.states import TaskState, VmState
from compute.volumes.models import Volume


class Restore(InstanceAction):
    verb = "restore"
    label = _("Restore")
    icon = "restore"
    order = 330
    group = REMOVAL
    main = True
    move = Move(
        start=frozenset({VmState.SOFT_DELETED}),
        task=TaskState.RESTORING,
        end=VmState.ACTIVE,
    )
    doing = _("Restoring")
    api_name = "restore"
    reserves = True
    steps = (ReserveAddresses(), Define(), RestorePower())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Reserve instance, cores and RAM, which the bin does not count. Raise OverQuota, Conflict."""
        quotas.reserve(
            instance.project,
            {"instances": 1, "cores": instance.vcpus, "ram": instance.ram_mib},
            instance.user,
        )
        scheduler.check_group(instance)
        scheduler.check(instance)
        lost = volume_disks.take_back(instance)
        transitions.change(
            instance,
            vm_state=VmState(instance.restore_to),
            deleted_at=None,
            expires_at=expiry.after_restore(instance),
            expiry_warned_at=None,
        )
        return {"lost_volumes": lost} if lost else {}

    def also(self, instance: Instance, parameters: dict[str, Any]) -> Iterable[Volume]:
        """Return its volumes, which it has again."""
        return volume_disks.lock(instance)

    def end_state(self, instance: Instance) -> VmState:
        return VmState(instance.restore_to)

    def failed(self, operation: Operation) -> None:
        """Leave the instance outside the bin, powered off."""
        transitions.change(self.locked(operation), vm_state=VmState.STOPPED)
        super().failed(operation)
