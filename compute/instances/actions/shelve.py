"""Shelve and unshelve: release vCPUs and memory on the host, keep the disks and the addresses.

The disks stay in their host's pool, and an unshelved instance starts from them there. As in Nova, shelving also takes
an image, to launch further instances from. It is a sparse copy of the root disk's volumes; unshelving discards it.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.errors import Conflict
from accounts.openstack.contract import by_version
from accounts.openstack.schema import ANY, Schema, nullable, object_of, text
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run
from compute.engine.services import transitions
from compute.images.actions.making import StoreImage, result_image
from compute.instances.actions.base import POWER, InstanceAction
from compute.instances.actions.image_making import (
    ExportDisk,
    ImageAction,
    create_image_row,
    discard_shelved_image,
)
from compute.instances.actions.steps import (
    Define,
    PowerOff,
    PowerOn,
    ReserveAddresses,
    UndefineGuest,
    redefine,
    state_to_restore,
)
from compute.instances.actions.stop import ShutDown
from compute.instances.models import Instance
from compute.instances.services import placement, scheduler
from compute.instances.states import RUNS_OR_OFF, TaskState, VmState


class ShutDownToShelve(ShutDown):
    """Shut down. Undone last, it redefines the guest and restores its power."""

    def undo(self, run: Run) -> None:
        redefine(run)


class Shelve(ImageAction):
    verb = "shelve"
    label = _("Shelve")
    icon = "archive"
    order = 100
    group = POWER
    move = Move(
        start=RUNS_OR_OFF | {VmState.PAUSED, VmState.SUSPENDED},
        task=TaskState.SHELVING,
        end=VmState.SHELVED,
    )
    doing = _("Shelving")
    schedulable = True
    api_name = "shelve"
    reserves = True
    confirm = _("Shuts down and frees vCPUs and memory. Disk and address are kept, and an image is taken.")
    cancellable = True
    steps = (ShutDownToShelve(), PowerOff(), ExportDisk(), StoreImage(), UndefineGuest())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Create the image's row. Raise OverQuota, since the image counts like every other."""
        transitions.change(instance, restore_to=state_to_restore(instance))
        return create_image_row(context, instance, f"{instance.name[:247]}-shelved")

    def undone_state(self, operation: Operation, instance: Instance) -> VmState | None:
        """Return ACTIVE for an instance that was paused or suspended, since its memory is lost."""
        return VmState(instance.restore_to) if operation.timeline else None

    def succeeded(self, operation: Operation) -> None:
        transitions.change(self.locked(operation), shelved_image=result_image(operation))
        super().succeeded(operation)


_ZONE: Schema = nullable(object_of({"availability_zone": text(255, 1)}))
_ZONE_OR_HOST: Schema = nullable(
    object_of(optional={"availability_zone": nullable(text(255, 1)), "host": text(255, 1)})
    | {"minProperties": 1}
)


def _place(minor: int) -> Schema:
    """Return the schema of where to unshelve in this minor version."""
    if minor >= 91:
        return _ZONE_OR_HOST
    return _ZONE if minor >= 77 else ANY


class Unshelve(InstanceAction):
    verb = "unshelve"
    label = _("Unshelve")
    icon = "archive-off"
    order = 110
    group = POWER
    main = True
    move = Move(
        start=frozenset({VmState.SHELVED}),
        task=TaskState.UNSHELVING,
        end=VmState.ACTIVE,
    )
    doing = _("Unshelving")
    schedulable = True
    api_name = "unshelve"
    api_body = by_version(_place, 77, 91)
    steps = (ReserveAddresses(), Define(), PowerOn())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Check zone, host and capacity, since it returns to the host of its disks.

        Takes `availability_zone`, which replaces the requested one and may be None for any, and from administrators
        `host`. Raise BadInput, Forbidden, Conflict.
        """
        zone, _host = placement.parse_zone(context, parameters.get("availability_zone"))
        chosen = placement.parse_host(context, parameters["host"]) if "host" in parameters else ""
        host = instance.hypervisor
        if host and (zone not in {"", host.availability_zone} or chosen not in {"", host.name}):
            raise Conflict(
                _("Its disks are on %(host)s, in the availability zone %(zone)s.")
                % {"host": host, "zone": host.availability_zone}
            )
        scheduler.check(instance)
        if "availability_zone" in parameters:
            transitions.change(instance, requested_zone=zone)
        return {}

    def succeeded(self, operation: Operation) -> None:
        discard_shelved_image(self.locked(operation))
        super().succeeded(operation)
