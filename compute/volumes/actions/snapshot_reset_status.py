"""Reset status: put a snapshot into another state by an administrator's word, at once."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput
from compute.engine.services import transitions
from compute.volumes.actions.base import SnapshotAction
from compute.volumes.models import VolumeSnapshot
from compute.volumes.states import SnapshotState

CHOICES = (SnapshotState.AVAILABLE, SnapshotState.ERROR, SnapshotState.CREATING)


class ResetStatus(SnapshotAction):
    """Takes `status`. It changes the word in the row and nothing else."""

    verb = "reset_status"
    label = gettext_lazy("Reset status")
    done = gettext_lazy("Reset the status of %(name)s")
    icon = "refresh-alert"
    order = 290
    role = "admin"
    bulk = False
    fields = ("status",)
    asks = True

    def initial(self, snapshot: VolumeSnapshot) -> dict[str, str]:
        return {"status": SnapshotState.AVAILABLE}

    def blocker(self, snapshot: VolumeSnapshot) -> str:
        return _("Wait until its task is done, or cancel it.") if snapshot.task_state else ""

    def prepare(
        self, context: Context, snapshot: VolumeSnapshot, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        status = parameters.get("status")
        if status not in CHOICES:
            raise BadInput(fields={"status": _("Say one of %(choices)s.") % {"choices": ", ".join(CHOICES)}})
        transitions.settle(snapshot, str(status))
        return {"status": str(status)}
