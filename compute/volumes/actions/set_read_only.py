"""Set read-only: whether instances may write to a volume, at once."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.services import inputs
from compute.engine.services import transitions
from compute.volumes.actions.base import VolumeAction
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState


class SetReadOnly(VolumeAction):
    """Takes `read_only`; without it, it changes to the other."""

    verb = "set_read_only"
    label = gettext_lazy("Set read-only")
    done = gettext_lazy("Changed %(name)s")
    icon = "lock"
    order = 220
    fields = ("read_only",)
    in_place = True

    def blocker(self, volume: Volume) -> str:
        if volume.status != VolumeState.AVAILABLE or volume.task_state:
            return _("Detach it first: a guest does not expect that a disk changes so.")
        return ""

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        read_only = inputs.flag(parameters, "read_only", not volume.read_only)
        transitions.change(volume, read_only=read_only)
        return {"read_only": read_only}
