"""Update: change a backup's name and description, at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from accounts.names import clean_name
from accounts.services import inputs
from compute.engine.services import metadata, transitions
from compute.volumes.actions.base import BackupAction
from compute.volumes.models import Backup


class Update(BackupAction):
    """Takes `name`, `description` and `metadata`."""

    verb = "update"
    label = _("Edit")
    done = _("Changed %(name)s")
    icon = "pencil"
    order = 200
    bulk = False
    fields = ("name", "description")
    asks = True

    def initial(self, backup: Backup) -> dict[str, str]:
        return {"name": backup.name, "description": backup.description}

    def prepare(self, context: Context, backup: Backup, parameters: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if (name := parameters.get("name")) is not None:
            changes["name"] = clean_name(name) if name else ""
        if parameters.get("description") is not None:
            changes["description"] = inputs.text(parameters, "description")
        if (texts := parameters.get("metadata")) is not None:
            changes["metadata"] = metadata.clean(texts)
            metadata.enforce_quota(backup.project_id, None, changes["metadata"])
        if changes:
            transitions.change(backup, **changes)
        return {"fields": sorted(changes)}
