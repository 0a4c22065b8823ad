"""Retype: give a volume another type, at once, if its pool suits that."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from compute.engine.services import transitions
from compute.volumes.actions.base import SETTINGS, VolumeAction
from compute.volumes.models import Volume
from compute.volumes.services import volume_placement, volume_types
from compute.volumes.states import READY


class Retype(VolumeAction):
    """Takes `type`, by id or name."""

    verb = "retype"
    label = gettext_lazy("Change the type")
    done = gettext_lazy("Changed the type of %(name)s")
    icon = "category"
    order = 120
    group = SETTINGS
    bulk = False
    fields = ("type",)
    asks = True

    def initial(self, volume: Volume) -> dict[str, str]:
        return {"type": volume.type.name}

    def blocker(self, volume: Volume) -> str:
        if volume.status not in READY or volume.task_state:
            return _("It is %(status)s.") % {"status": volume.shown_status}
        return ""

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        """Raise BadInput naming `type` if there is none, or if its volumes lie in another pool."""
        try:
            chosen = volume_types.find(context, parameters.get("type"))
        except NotFound as error:
            raise BadInput(fields={"type": error.text}) from error
        if chosen == volume.type:
            raise BadInput(fields={"type": _("It has this type already.")})
        if volume.disk is not None and (reason := volume_placement.type_refusal(chosen, volume.disk.pool)):
            raise BadInput(fields={"type": reason})
        transitions.change(volume, type=chosen)
        return {"type": chosen.name}
