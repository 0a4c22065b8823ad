"""Retention of deleted volumes, snapshots and backups."""

from accounts.services.retention import Rule
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.states import BackupState, SnapshotState, VolumeState

RULES = (
    Rule(
        name="deleted_volumes",
        rows=Volume.objects.filter(status=VolumeState.DELETED),
        since="updated_at",
        setting="DELETED_DAYS",
    ),
    Rule(
        name="deleted_volume_snapshots",
        rows=VolumeSnapshot.objects.filter(status=SnapshotState.DELETED),
        since="updated_at",
        setting="DELETED_DAYS",
    ),
    Rule(
        name="deleted_backups",
        rows=Backup.objects.filter(status=BackupState.DELETED, increments=None),
        since="updated_at",
        setting="DELETED_DAYS",
    ),
)
