"""Update: change an image's fields and properties, at once."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.engine.services import metadata, transitions
from compute.images.models import Image
from compute.images.services import image_fields, json_patch


class Update(Action):
    """Takes `changes`, a JSON Patch as in the Image API. Read under the row's lock, so that none is lost."""

    noun = "image"
    verb = "update"
    label = _("Edit")
    done = _("Changed %(name)s")
    icon = "pencil"
    order = 90
    bulk = False
    rules: ClassVar[dict[str, str]] = {"image:update_public": "admin"}

    def applies(self, image: Image) -> bool:
        return False

    def rule(self, context: Context, image: Image) -> str:
        return "image:update_public" if image.visibility == "public" else "image:update"

    def prepare(self, context: Context, image: Image, parameters: dict[str, Any]) -> dict[str, Any]:
        filled = {
            name: bool(getattr(image, field.column))
            for name, field in image_fields.FIELDS.items()
            if field.removable
        }
        changes = json_patch.read(parameters.get("changes", []), image.properties, filled)
        wish = image_fields.clean(context, changes.fields, changes.properties, image)
        if len(wish.properties) > len(image.properties) and image.project_id:
            metadata.enforce_quota(image.project_id, None, wish.properties)
        transitions.change(image, **wish.columns, properties=wish.properties)
        return {"fields": sorted(changes.fields)}
