"""Set metadata: change the properties of an image, at once."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.engine.services import metadata, transitions
from compute.images.models import Image
from compute.images.services import properties


class SetMetadata(Action):
    """Takes `metadata` to replace all properties, or `more` to add and `without` with keys to remove."""

    noun = "image"
    verb = "set_metadata"
    label = _("Set metadata")
    done = _("Changed the metadata of %(name)s")
    icon = "tag"
    order = 110
    bulk = False
    rules: ClassVar[dict[str, str]] = {"image:set_metadata_public": "admin"}

    def applies(self, image: Image) -> bool:
        return False

    def rule(self, context: Context, image: Image) -> str:
        return "image:set_metadata_public" if image.visibility == "public" else "image:set_metadata"

    def prepare(self, context: Context, image: Image, parameters: dict[str, Any]) -> dict[str, Any]:
        merged = metadata.merge(image.properties, parameters)
        properties.enforce(merged)
        if len(merged) > len(image.properties) and image.project_id:
            metadata.enforce_quota(image.project_id, None, merged)
        transitions.change(image, properties=merged)
        return {}
