"""Deactivate and reactivate: withhold an image's data from everybody but administrators, and allow them again."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.engine.services import transitions
from compute.images.models import Image

Status = Image.Status


class _Activation(Action):
    noun = "image"
    bulk = False
    before: ClassVar[Status]
    after: ClassVar[Status]

    def applies(self, image: Image) -> bool:
        return image.status == self.before

    def rule(self, context: Context, image: Image) -> str:
        return "image:update_public" if image.visibility == "public" else f"image:{self.verb}"

    def blocker(self, image: Image) -> str:
        if image.status in {self.before, self.after}:
            return ""
        return _("It has no data yet.")

    def prepare(self, context: Context, image: Image, parameters: dict[str, Any]) -> dict[str, Any]:
        if image.status == self.before:
            transitions.settle(image, self.after, task_state=image.task_state)
        return {}


class Deactivate(_Activation):
    """Nobody launches from it or reads its data meanwhile, while an administrator looks into it."""

    verb = "deactivate"
    label = gettext_lazy("Deactivate")
    done = gettext_lazy("Deactivated %(name)s")
    icon = "lock"
    order = 92
    undo = "reactivate"
    before = Status.ACTIVE
    after = Status.DEACTIVATED


class Reactivate(_Activation):
    verb = "reactivate"
    label = gettext_lazy("Reactivate")
    done = gettext_lazy("Reactivated %(name)s")
    icon = "lock-open"
    order = 92
    before = Status.DEACTIVATED
    after = Status.ACTIVE
