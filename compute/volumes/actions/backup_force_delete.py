"""Force delete: delete a backup whatever its status."""

from django.utils.translation import gettext_lazy as _

from compute.engine.moves import Move
from compute.volumes.actions.backup_delete import Delete
from compute.volumes.states import BackupState, BackupTask


class ForceDelete(Delete):
    """For administrators: also one that somebody reset to a wrong status."""

    verb = "force_delete"
    label = _("Delete by force")
    icon = "trash-x"
    order = 310
    role = "admin"
    move = Move(
        start=frozenset(BackupState) - {BackupState.DELETED},
        task=BackupTask.DELETING,
        end=BackupState.DELETED,
        failed=BackupState.ERROR,
    )
