"""Delete a backup: remove its file from the store."""

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.engine.services import transitions
from compute.volumes.actions.base import REMOVAL, BackupAction
from compute.volumes.models import Backup
from compute.volumes.services import backup_files
from compute.volumes.states import BackupState, BackupTask

NAMED = 5
"""How many later backups a refusal names."""


class RemoveFile(Step):
    """Remove the file, also one that a host has not stored yet."""

    name: ClassVar[str] = "file"
    label: ClassVar[str] = gettext_noop("Remove the file")
    final: ClassVar[bool] = True
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        run.check()
        backup_files.remove(run.subject)


class Delete(BackupAction):
    verb = "delete"
    label = gettext_lazy("Delete")
    icon = "trash"
    order = 300
    group = REMOVAL
    move = Move(
        start=frozenset({BackupState.AVAILABLE, BackupState.ERROR}),
        task=BackupTask.DELETING,
        end=BackupState.DELETED,
        failed=BackupState.ERROR,
    )
    doing = gettext_lazy("Deleting")
    danger = True
    confirm = gettext_lazy("Its data can no longer be restored. The volume itself stays as it is.")
    steps = (RemoveFile(),)

    def blocker(self, backup: Backup) -> str:
        """Cost no query for backups that were read with `is_needed`."""
        if not getattr(backup, "is_needed", True):
            return ""
        later = (
            backup.increments.existing()
            .exclude(task_state=BackupTask.DELETING)
            .order_by("created_at")[:NAMED]
        )
        if not later:
            return ""
        names = ", ".join(str(row) for row in later)
        return _("Later backups have only what changed since: %(names)s. Delete them first.") % {
            "names": names
        }

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        transitions.change(
            self.locked(operation), metadata={}, image_metadata={}, volume_metadata={}, parent=None
        )
