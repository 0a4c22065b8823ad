"""Set metadata: change a snapshot's metadata, at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.services import metadata, transitions
from compute.volumes.actions.base import SnapshotAction
from compute.volumes.models import VolumeSnapshot


class SetMetadata(SnapshotAction):
    """Takes `metadata` to replace all, or `more` to add and `without` with keys to remove."""

    verb = "set_metadata"
    label = _("Set metadata")
    done = _("Changed the metadata of %(name)s")
    icon = "tag"
    order = 210
    bulk = False

    def applies(self, snapshot: VolumeSnapshot) -> bool:
        return False

    def prepare(
        self, context: Context, snapshot: VolumeSnapshot, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        merged = metadata.merge(snapshot.metadata, parameters)
        if len(merged) > len(snapshot.metadata):
            metadata.enforce_quota(snapshot.project_id, None, merged)
        transitions.change(snapshot, metadata=merged)
        return {}
