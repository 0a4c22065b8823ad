"""Update: change the name and the description of a snapshot of an instance, at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.names import clean_name
from accounts.services import inputs
from compute.engine.services import transitions
from compute.instances.actions.base import SnapshotOfInstanceAction
from compute.instances.models import InstanceSnapshot


class Update(SnapshotOfInstanceAction):
    """Takes `name` and `description`."""

    verb = "update"
    label = _("Edit")
    done = _("Changed %(name)s")
    icon = "pencil"
    order = 200
    bulk = False
    fields = ("name", "description")
    asks = True

    def prepare(
        self, context: Context, snapshot: InstanceSnapshot, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        """Raise BadInput naming `name` or `description`."""
        changes: dict[str, Any] = {}
        if parameters.get("name") is not None:
            changes["name"] = clean_name(parameters["name"])
        if parameters.get("description") is not None:
            changes["description"] = inputs.text(parameters, "description")
        if changes:
            transitions.change(snapshot, **changes)
        return {"fields": sorted(changes)}
