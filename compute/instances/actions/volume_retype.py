"""Retype: give a volume another type, and bring it into a pool that suits that."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.services import inputs
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.services import transitions
from compute.hosts.models import Pool
from compute.instances.actions.volume_move import MovesData
from compute.instances.models import Instance
from compute.volumes.actions.base import SETTINGS
from compute.volumes.models import Volume, VolumeType
from compute.volumes.services import volume_moves, volume_placement, volume_types
from compute.volumes.states import READY, VolumeTask


class Retype(MovesData):
    """Takes `type`, by id or name, and `migrate`: whether the volume may move to a pool that suits the type."""

    verb = "retype"
    label = gettext_lazy("Change the type")
    icon = "category"
    order = 120
    group = SETTINGS
    move = Move(start=READY, task=VolumeTask.RETYPING, end=None)
    doing = gettext_lazy("Changing the type")
    fields = ("type", "migrate")

    def initial(self, volume: Volume) -> dict[str, str]:
        return {"type": volume.type.name}

    def holders(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> list[Instance]:
        """Return the instance that has the volume if that may move; else its type alone changes."""
        moves = inputs.flag(parameters, "migrate", False)
        return super().holders(context, volume, parameters) if moves else []

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `type` if there is none, or if no pool suits it, Conflict."""
        try:
            chosen = volume_types.find(context, parameters.get("type"))
        except NotFound as error:
            raise BadInput(fields={"type": error.text}) from error
        if chosen == volume.type:
            raise BadInput(fields={"type": _("It has this type already.")})
        values = {"type": chosen.name, "type_id": str(chosen.pk)}
        if volume.disk is None or not (reason := volume_placement.type_refusal(chosen, volume.disk.pool)):
            return values
        if not inputs.flag(parameters, "migrate", False):
            raise BadInput(fields={"type": reason})
        return values | self.begin_move(context, volume, _suitable(volume, chosen), chosen, parameters)

    def succeeded(self, operation: Operation) -> None:
        chosen = VolumeType.objects.filter(pk=operation.parameters["type_id"]).first()
        if chosen is not None:
            transitions.change(self.locked(operation), type=chosen)
        super().succeeded(operation)


def _suitable(volume: Volume, chosen: VolumeType) -> Pool:
    """Return the pool with the most free space that suits the type. Raise BadInput with the reason of each."""
    reasons = []
    for pool in volume_moves.targets(volume):
        if not (reason := volume_moves.refusal(volume, pool, chosen)):
            return pool
        reasons.append(reason)
    reasons = reasons or [_("There is no other storage pool.")]
    raise BadInput(fields={"type": f"{_(volume_placement.NO_POOL)} {' '.join(reasons)}"})
