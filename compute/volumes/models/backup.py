"""Backups of volumes."""

from typing import ClassVar

from django.db import models

from accounts.models import Project, User
from compute.engine.models.subject import Subject, SubjectQuerySet
from compute.volumes import states
from compute.volumes.models.backup_plan import BackupPlan
from compute.volumes.models.disk import Disk
from compute.volumes.models.volume import Volume


class BackupQuerySet(SubjectQuerySet["Backup"]):
    def existing(self) -> "BackupQuerySet":
        """Return the backups that are not deleted."""
        return self.exclude(status=states.BackupState.DELETED)

    def available(self) -> "BackupQuerySet":
        """Return the backups with data that nothing is being done with."""
        return self.filter(status=states.BackupState.AVAILABLE, task_state=None)


class Backup(Subject):
    """A copy of a volume's data in the store of backups, which outlives the volume.

    One with a `parent` has only what changed since that. `checkpoint_in` is the file of `disk` that notes what changes
    since this backup; empty if none does. `taken_at` is the moment of the data, `file_bytes` and `checksum` (SHA-256)
    are those of the stored file. `snapshot_key` is the id of the snapshot that it was taken of, if one was.
    """

    STATE: ClassVar[str] = "status"
    is_needed: bool
    """Whether later ones have only what changed since; read by `backups.visible_to`."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="backups")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    volume = models.ForeignKey(
        Volume, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="backups"
    )
    snapshot_key = models.UUIDField(null=True)
    name = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    size_gib = models.PositiveIntegerField()
    status = models.CharField(
        max_length=32, choices=states.BackupState.choices, default=states.BackupState.CREATING
    )
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="increments")
    plan = models.ForeignKey(BackupPlan, on_delete=models.SET_NULL, null=True, related_name="backups")
    disk = models.ForeignKey(Disk, on_delete=models.SET_NULL, null=True, related_name="+")
    checkpoint_in = models.CharField(max_length=128, blank=True)
    taken_at = models.DateTimeField(null=True)
    file_bytes = models.BigIntegerField(default=0)
    checksum = models.CharField(max_length=64, blank=True)
    verified_at = models.DateTimeField(null=True)
    bootable = models.BooleanField(default=False)
    image_metadata = models.JSONField(default=dict)
    metadata = models.JSONField(default=dict)
    volume_metadata = models.JSONField(default=dict)
    """The volume's own, for a volume that is made of the backup."""

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="backups_of_project"),
            models.Index(fields=["status", "updated_at"], name="backups_deleted"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    @property
    def shown_status(self) -> str:
        """Return its status, in Cinder's words."""
        return states.status(self.status, self.task_state)

    @property
    def checkpoint(self) -> str:
        """Return the name of its checkpoint in the disk."""
        return f"backup-{self.pk}"
