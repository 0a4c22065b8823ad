"""Reserve and release: keep a volume for a client that is about to attach it, at once."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from compute.engine.services import transitions
from compute.volumes.actions.base import USE, VolumeAction
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState


class _Reservation(VolumeAction):
    group = USE
    bulk = False
    before: ClassVar[VolumeState]
    after: ClassVar[VolumeState]

    def applies(self, volume: Volume) -> bool:
        return False

    def blocker(self, volume: Volume) -> str:
        if volume.status != self.before or volume.task_state:
            return _("It is %(status)s.") % {"status": volume.shown_status}
        return ""

    def prepare(self, context: Context, volume: Volume, parameters: dict[str, Any]) -> dict[str, Any]:
        transitions.settle(volume, self.after)
        return {}


class Reserve(_Reservation):
    """Only a client of the API does this; pages attach at once."""

    verb = "reserve"
    label = gettext_lazy("Reserve")
    done = gettext_lazy("Reserved %(name)s")
    icon = "bookmark"
    order = 40
    before = VolumeState.AVAILABLE
    after = VolumeState.RESERVED


class Unreserve(_Reservation):
    verb = "unreserve"
    label = gettext_lazy("Release")
    done = gettext_lazy("Released %(name)s")
    icon = "bookmark-off"
    order = 41
    before = VolumeState.RESERVED
    after = VolumeState.AVAILABLE
