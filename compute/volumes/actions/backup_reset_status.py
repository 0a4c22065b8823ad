"""Reset status: put a backup into another state by an administrator's word, at once."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput
from compute.engine.services import transitions
from compute.volumes.actions.base import BackupAction
from compute.volumes.models import Backup
from compute.volumes.states import BackupState

CHOICES = (BackupState.AVAILABLE, BackupState.ERROR, BackupState.CREATING)


class ResetStatus(BackupAction):
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

    def initial(self, backup: Backup) -> dict[str, str]:
        return {"status": BackupState.AVAILABLE}

    def blocker(self, backup: Backup) -> str:
        return _("Wait until its task is done, or cancel it.") if backup.task_state else ""

    def prepare(self, context: Context, backup: Backup, parameters: dict[str, Any]) -> dict[str, Any]:
        status = parameters.get("status")
        if status not in CHOICES:
            raise BadInput(fields={"status": _("Say one of %(choices)s.") % {"choices": ", ".join(CHOICES)}})
        transitions.settle(backup, str(status))
        return {"status": str(status)}
