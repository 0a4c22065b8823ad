"""Set termination: whether a volume is deleted with its instance, at once."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.services import inputs
from compute.engine.services import transitions
from compute.volumes.actions.base import USE, VolumeAction
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState


class SetTermination(VolumeAction):
    """Takes `delete_on_termination`; without it, it changes to the other."""

    verb = "set_termination"
    label = gettext_lazy("Delete with the instance")
    done = gettext_lazy("Changed %(name)s")
    icon = "link"
    order = 30
    group = USE
    fields = ("delete_on_termination",)
    in_place = True

    def applies(self, volume: Volume) -> bool:
        return volume.status == VolumeState.IN_USE

    def blocker(self, volume: Volume) -> str:
        return "" if volume.attachment else _("No instance has this volume.")

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        attachment = volume.attachment
        if attachment is None:
            return {}
        ends = inputs.flag(parameters, "delete_on_termination", not attachment.delete_on_termination)
        attachment.delete_on_termination = ends
        attachment.save(update_fields=["delete_on_termination"])
        transitions.change(volume)
        return {"delete_on_termination": ends}
