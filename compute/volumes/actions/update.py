"""Update: change a volume's name, description and flags, at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.names import clean_name
from accounts.services import inputs
from compute.engine.services import transitions
from compute.volumes.actions.base import VolumeAction
from compute.volumes.models import Volume


class Update(VolumeAction):
    """Takes `name`, `description` and `bootable`."""

    verb = "update"
    label = _("Edit")
    done = _("Changed %(name)s")
    icon = "pencil"
    order = 200
    bulk = False
    fields = ("name", "description")
    asks = True

    def initial(self, volume: Volume) -> dict[str, str]:
        return {"name": volume.name, "description": volume.description}

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if (name := parameters.get("name")) is not None:
            changes["name"] = clean_name(name) if name else ""
        if parameters.get("description") is not None:
            changes["description"] = inputs.text(parameters, "description")
        if "bootable" in parameters:
            changes["bootable"] = inputs.flag(parameters, "bootable", volume.bootable)
        if changes:
            transitions.change(volume, **changes)
        return {"fields": sorted(changes)}
