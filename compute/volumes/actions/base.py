"""The base class of the actions on volumes."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from compute.engine.actions.base import Action

USE = gettext_lazy("Use")
COPIES = gettext_lazy("Copies")
SETTINGS = gettext_lazy("Settings")
REMOVAL = gettext_lazy("Removal")


class VolumeAction(Action):
    noun: ClassVar[str] = "volume"
    group: ClassVar[str | Promise] = SETTINGS
