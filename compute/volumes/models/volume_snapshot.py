"""Snapshots of volumes."""

from typing import ClassVar

from django.db import models

from accounts.models import Project, User
from compute.engine.models.subject import Subject, SubjectQuerySet
from compute.volumes import states
from compute.volumes.models.disk_layer import DiskLayer
from compute.volumes.models.volume import Volume


class VolumeSnapshotQuerySet(SubjectQuerySet["VolumeSnapshot"]):
    def existing(self) -> "VolumeSnapshotQuerySet":
        """Return the snapshots that are not deleted."""
        return self.exclude(status=states.SnapshotState.DELETED)


class VolumeSnapshot(Subject):
    """The data of a volume at a moment, in a layer under its disk; null before it is taken, and once it is deleted."""

    STATE: ClassVar[str] = "status"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="volume_snapshots")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    volume = models.ForeignKey(Volume, on_delete=models.CASCADE, related_name="snapshots")
    layer = models.ForeignKey(DiskLayer, on_delete=models.PROTECT, null=True, related_name="snapshots")
    instance_snapshot = models.ForeignKey(
        "compute.InstanceSnapshot", on_delete=models.SET_NULL, null=True, related_name="volume_snapshots"
    )
    """The snapshot of the instance that had the volume, if it was taken with that."""
    name = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    size_gib = models.PositiveIntegerField()
    status = models.CharField(
        max_length=32, choices=states.SnapshotState.choices, default=states.SnapshotState.CREATING
    )
    metadata = models.JSONField(default=dict)

    objects = VolumeSnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="snapshots_of_project"),
            models.Index(fields=["status", "updated_at"], name="snapshots_deleted"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    @property
    def shown_status(self) -> str:
        """Return its status, in Cinder's words."""
        return states.status(self.status, self.task_state)
