"""Verify: read a backup and all that it needs, compare digests, and restore it into a file that is then removed."""

import shutil
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.errors import Conflict
from compute.driver.files import Progress
from compute.driver.storage.flatten import flatten
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.engine.services import transitions
from compute.hosts.services import hosts
from compute.volumes.actions.base import COPIES, BackupAction
from compute.volumes.models import Backup
from compute.volumes.services import backup_files
from compute.volumes.states import BackupState, BackupTask

GIB = 2**30


class CompareDigests(Step):
    """Read every file of the backup from the store, and compare it with what was stored."""

    name: ClassVar[str] = "compare"
    label: ClassVar[str] = gettext_noop("Compare the stored files")
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        for row in backup_files.chain_of(run.subject):
            if backup_files.stored_digest(row, run.progress) != row.checksum:
                raise Conflict(
                    _("The file of the backup %(backup)s is damaged. Restore another one.") % {"backup": row}
                )


class TryRestore(Step):
    """Restore the backup into a file of a host, which is removed again."""

    name: ClassVar[str] = "restore"
    label: ClassVar[str] = gettext_noop("Restore it into a file")
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        try:
            self._restore(run.subject, run.progress)
        finally:
            self.undo(run)

    def undo(self, run: Run) -> None:
        shutil.rmtree(hosts.DRAFTS / f"verify-{run.subject.pk}", ignore_errors=True)

    def _restore(self, backup: Backup, progress: Progress) -> None:
        folder = hosts.DRAFTS / f"verify-{backup.pk}"
        folder.mkdir(mode=0o700, exist_ok=True)
        chain = backup_files.open_chain(backup, folder, progress)
        flatten(chain.source, chain.backing, folder / "disk", backup.size_gib * GIB, progress)


class Verify(BackupAction):
    verb = "verify"
    label = gettext_lazy("Verify")
    icon = "shield-check"
    order = 110
    group = COPIES
    move = Move(
        start=frozenset({BackupState.AVAILABLE, BackupState.ERROR}), task=BackupTask.VERIFYING, end=None
    )
    doing = gettext_lazy("Verifying")
    cancellable = True
    steps = (CompareDigests(), TryRestore())

    def blocker(self, backup: Backup) -> str:
        return "" if backup.checksum else _("It has no data.")

    def succeeded(self, operation: Operation) -> None:
        super().succeeded(operation)
        transitions.settle(self.locked(operation), BackupState.AVAILABLE, verified_at=timezone.now())

    def undone_state(self, operation: Operation, backup: Any) -> str | None:
        """Return the state of a backup that was not verified: in error if its files are not what they were."""
        is_damaged = (operation.error or {}).get("code") == Conflict.code
        return BackupState.ERROR if is_damaged else None
