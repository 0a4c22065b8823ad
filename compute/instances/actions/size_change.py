"""The base class of resizing and growing."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.services import quotas
from compute.engine.models import Operation
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.steps import state_to_restore
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors, hardware, image_requirements, scheduler
from compute.instances.services.disk_sizes import total_gib


class SizeChange(InstanceAction):
    """Change the flavor. Takes `flavor_id`. Disks never shrink, since the guest's file systems fill them."""

    reserves = True
    bulk = False
    fields = ("flavor_id",)
    asks = True
    cancellable = True

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"flavor_id": instance.flavor_id}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Reserve the new size and write it. Raise BadInput naming `flavor_id`, OverQuota, Conflict (no capacity)."""
        flavor = self._flavor(context, instance, parameters.get("flavor_id"))
        before = present_size(instance)
        after = flavors.copied_fields(flavor) | _own_disk(instance)
        reserve_growth(instance, amounts(SimpleNamespace(**after)))
        transitions.change(
            instance,
            **after,
            hardware=hardware.options_after_resize(instance, flavor),
            resized_from=before,
            restore_to=state_to_restore(instance),
        )
        scheduler.check(instance)
        return {"from": before["flavor_id"], "to": flavor.pk, "host": str(instance.hypervisor or "")}

    def refusal(self, instance: Instance, flavor: Flavor) -> str:
        """Return why this action cannot apply the flavor, quotas aside; empty if it can."""
        return size_refusal(instance, flavor)

    def failed(self, operation: Operation) -> None:
        restore_size(self.locked(operation))
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        restore_size(self.locked(operation))
        super().cancelled(operation)

    def _flavor(self, context: Context, instance: Instance, flavor_id: object) -> Flavor:
        try:
            flavor = flavors.get(context, flavor_id)
        except NotFound as error:
            raise BadInput(fields={"flavor_id": error.text}) from error
        if reason := self.refusal(instance, flavor):
            raise BadInput(fields={"flavor_id": reason})
        return flavor


def restore_size(instance: Instance) -> None:
    """Restore the earlier size in the row; do nothing if it is restored already."""
    before = instance.resized_from
    if before is None:
        return
    transitions.change(instance, **before, resized_from=None)


def size_refusal(instance: Instance, flavor: Flavor) -> str:
    """Return why the instance cannot have the flavor, quotas aside; empty if it can."""
    after = flavors.copied_fields(flavor) | _own_disk(instance)
    if after == {name: getattr(instance, name) for name in flavors.COPIED_FIELDS}:
        return _("It has this size already.")
    if after["disk_gib"] < instance.disk_gib:
        return _("Its disk has %(now)s GiB and cannot shrink to %(asked)s GiB.") % {
            "now": instance.disk_gib,
            "asked": flavor.disk_gib,
        }
    if flavor.ephemeral_gib < instance.ephemeral_gib:
        return _("Its ephemeral disk has %(now)s GiB and cannot shrink to %(asked)s GiB.") % {
            "now": instance.ephemeral_gib,
            "asked": flavor.ephemeral_gib,
        }
    if instance.snapshot_count and instance.swap_mib and flavor.swap_mib != instance.swap_mib:
        return _(
            "Its snapshots have its swap space of %(now)s MiB. Choose a flavor with as much, or delete them first."
        ) % {"now": instance.swap_mib}
    if instance.image and (reason := image_requirements.refusal(instance.image, flavor)):
        return reason
    return hardware.refusal(flavor.extra_specs, instance.hardware.get("image", {}), flavor.vcpus)


def _own_disk(instance: Instance) -> dict[str, int]:
    """Return the size of its root disk, if no flavor sets it: one that boots from a volume has none of its own."""
    return {"disk_gib": 0} if instance.boots_from_volume else {}


def growth(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return the increase of each resource from `before` to `after`, without those that shrink.

    Both are {"vcpus", "ram_mib", "gib"}, the last for all disks together.
    """
    names = {"cores": "vcpus", "ram": "ram_mib", "gigabytes": "gib"}
    more = {resource: after[name] - before[name] for resource, name in names.items()}
    return {resource: amount for resource, amount in more.items() if amount > 0}


def amounts(sizes: Any) -> dict[str, int]:
    """Return the amounts of an instance or a flavor that `growth` compares."""
    return {"vcpus": sizes.vcpus, "ram_mib": sizes.ram_mib, "gib": total_gib(sizes)}


def present_size(instance: Instance) -> dict[str, Any]:
    """Return the columns of the size, from which `restore_size` restores it."""
    return {name: getattr(instance, name) for name in (*flavors.COPIED_FIELDS, "hardware")}


def reserve_growth(instance: Instance, after: Mapping[str, int]) -> None:
    """Reserve the resources that grow; a project over its quota may still shrink. Raise OverQuota."""
    quotas.reserve(instance.project, growth(amounts(instance), after), instance.user)
