"""What resizing a stopped instance and growing a running one share."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.services import quotas
from compute.engine.models import Operation
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.steps import power_before
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors, hardware, image_requirements, scheduler
from compute.instances.services.disk_sizes import total_gib


class SizeChange(InstanceAction):
    """Takes `flavor_id`. Disks only grow: what the guest keeps on them is its own affair."""

    reserves = True
    bulk = False
    fields = ("flavor_id",)
    asks = True
    cancellable = True

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"flavor_id": instance.flavor_id}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Count the new size at once. Raise BadInput naming `flavor_id`, OverQuota, Conflict (no room)."""
        flavor = self._flavor(context, instance, parameters.get("flavor_id"))
        before = size_of_row(instance)
        reserve_growth(instance, amounts(flavor))
        transitions.change(
            instance,
            **flavors.copied_fields(flavor),
            hardware=hardware.options_after_resize(instance, flavor),
            resized_from=before,
            restore_to=power_before(instance),
        )
        scheduler.check(instance)
        return {"from": before["flavor_id"], "to": flavor.pk, "host": str(instance.hypervisor or "")}

    def misfit(self, instance: Instance, flavor: Flavor) -> str:
        """Return why the instance cannot be given the flavor, whatever the quota says; empty when it can."""
        return cannot_take(instance, flavor)

    def failed(self, operation: Operation) -> None:
        take_back_size(self.locked(operation))
        super().failed(operation)

    def cancelled(self, operation: Operation) -> None:
        take_back_size(self.locked(operation))
        super().cancelled(operation)

    def _flavor(self, context: Context, instance: Instance, flavor_id: object) -> Flavor:
        try:
            flavor = flavors.get(context, flavor_id)
        except NotFound as error:
            raise BadInput(fields={"flavor_id": error.text}) from error
        if reason := self.misfit(instance, flavor):
            raise BadInput(fields={"flavor_id": reason})
        return flavor


def take_back_size(instance: Instance) -> None:
    """Give the instance the sizes from before; do nothing where they are back already."""
    before = instance.resized_from
    if before is None:
        return
    transitions.change(instance, **before, resized_from=None)


def cannot_take(instance: Instance, flavor: Flavor) -> str:
    """Return why the instance cannot take the flavor, whatever the quota says; empty when it can."""
    if flavors.copied_fields(flavor) == {name: getattr(instance, name) for name in flavors.COPIED_FIELDS}:
        return _("It has this size already.")
    if flavor.disk_gib < instance.disk_gib:
        return _("Its disk has %(now)s GiB and cannot shrink to %(asked)s GiB.") % {
            "now": instance.disk_gib,
            "asked": flavor.disk_gib,
        }
    if flavor.ephemeral_gib < instance.ephemeral_gib:
        return _("Its ephemeral disk has %(now)s GiB and cannot shrink to %(asked)s GiB.") % {
            "now": instance.ephemeral_gib,
            "asked": flavor.ephemeral_gib,
        }
    if instance.image and (reason := image_requirements.refusal(instance.image, flavor)):
        return reason
    return hardware.refusal(flavor.extra_specs, instance.hardware.get("image", {}), flavor.vcpus)


def growth(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return what an instance of the sizes `after` takes more of each resource; what shrinks is left out.

    Both are {"vcpus", "ram_mib", "gib"}, the last of all disks together.
    """
    names = {"cores": "vcpus", "ram": "ram_mib", "gigabytes": "gib"}
    more = {resource: after[name] - before[name] for resource, name in names.items()}
    return {resource: amount for resource, amount in more.items() if amount > 0}


def amounts(sizes: Any) -> dict[str, int]:
    """Return what `growth` compares, of an instance or a flavor."""
    return {"vcpus": sizes.vcpus, "ram_mib": sizes.ram_mib, "gib": total_gib(sizes)}


def size_of_row(instance: Instance) -> dict[str, Any]:
    """Return what is restored when the instance gets its earlier size back."""
    return {name: getattr(instance, name) for name in (*flavors.COPIED_FIELDS, "hardware")}


def reserve_growth(instance: Instance, after: Mapping[str, int]) -> None:
    """Reserve only what grows: a smaller size is allowed even to a project over its quota. Raise OverQuota."""
    quotas.reserve(instance.project, growth(amounts(instance), after), instance.user)
