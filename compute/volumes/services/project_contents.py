"""Register the volumes of projects with accounts, which names them before a project is deleted."""

from django.utils.translation import gettext_lazy as _

from accounts.services import project_contents
from accounts.services.project_contents import Content
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.states import BackupState, SnapshotState, VolumeState


def register() -> None:
    """Register with accounts. Call it once at start."""
    project_contents.register("volumes", Content(label=_("Volumes"), names=_volumes, forget=_forget))
    project_contents.register("backups", Content(label=_("Backups"), names=_backups))


def _volumes(project_id: str) -> list[str]:
    return [str(volume) for volume in Volume.objects.existing().filter(project=project_id).order_by("name")]


def _backups(project_id: str) -> list[str]:
    return [str(backup) for backup in Backup.objects.existing().filter(project=project_id).order_by("name")]


def _forget(project_id: str) -> None:
    """Delete the rows of deleted volumes, snapshots and backups."""
    VolumeSnapshot.objects.filter(project=project_id, status=SnapshotState.DELETED).delete()
    Backup.objects.filter(project=project_id, status=BackupState.DELETED).delete()
    Volume.objects.filter(project=project_id, status=VolumeState.DELETED).delete()
