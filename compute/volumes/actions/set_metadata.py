"""Set metadata: change a volume's metadata, or what it keeps of its image's, at once."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.services import metadata, transitions
from compute.volumes.actions.base import VolumeAction
from compute.volumes.models import Volume


class SetMetadata(VolumeAction):
    """Takes `metadata` to replace all, or `more` to add and `without` with keys to remove."""

    verb = "set_metadata"
    label = _("Set metadata")
    done = _("Changed the metadata of %(name)s")
    icon = "tag"
    order = 210
    bulk = False
    column: ClassVar[str] = "metadata"

    def applies(self, volume: Volume) -> bool:
        return False

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        present = getattr(volume, self.column)
        merged = metadata.merge(present, parameters)
        if len(merged) > len(present):
            metadata.enforce_quota(volume.project_id, None, merged)
        transitions.change(volume, **{self.column: merged})
        return {}


class SetImageMetadata(SetMetadata):
    """The same for the fields and properties of the image that the volume was made of."""

    verb = "set_image_metadata"
    label = _("Set image metadata")
    done = _("Changed the image metadata of %(name)s")
    order = 211
    column = "image_metadata"
