"""Volumes: disks with a life of their own."""

from typing import ClassVar

from django.db import models

from accounts.models import Project, User
from compute.engine.models.subject import Subject, SubjectQuerySet
from compute.images.models import Image
from compute.volumes import states
from compute.volumes.models.attachment import Attachment
from compute.volumes.models.disk import Disk
from compute.volumes.models.volume_type import VolumeType


class VolumeQuerySet(SubjectQuerySet["Volume"]):
    def existing(self) -> "VolumeQuerySet":
        """Return the volumes that are not deleted."""
        return self.exclude(status=states.VolumeState.DELETED)


class Volume(Subject):
    """A disk that projects create, attach to an instance, and keep when the instance goes.

    `disk` holds its data; null before it has a pool, and once it is deleted. `image`, `snapshot`, `backup` and
    `source_volume_id` say where its data came from. `image_metadata` are the fields and properties of that image when
    the volume was created.
    """

    STATE: ClassVar[str] = "status"

    class Migration(models.TextChoices):
        """How the last move to another pool ended, in Cinder's words."""

        MIGRATING = "migrating"
        SUCCESS = "success"
        ERROR = "error"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="volumes")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    size_gib = models.PositiveIntegerField()
    status = models.CharField(
        max_length=32, choices=states.VolumeState.choices, default=states.VolumeState.CREATING
    )
    type = models.ForeignKey(VolumeType, on_delete=models.PROTECT, related_name="volumes")
    requested_zone = models.CharField(max_length=255, blank=True)
    disk = models.OneToOneField(Disk, on_delete=models.SET_NULL, null=True, related_name="volume")
    image = models.ForeignKey(Image, on_delete=models.SET_NULL, null=True, related_name="+")
    source_volume_id = models.UUIDField(null=True)
    snapshot = models.ForeignKey(
        "compute.VolumeSnapshot", on_delete=models.SET_NULL, null=True, related_name="copies"
    )
    backup = models.ForeignKey("compute.Backup", on_delete=models.SET_NULL, null=True, related_name="copies")
    bootable = models.BooleanField(default=False)
    read_only = models.BooleanField(null=True)
    """Whether instances may only read it; null while nobody has said."""
    migration_status = models.CharField(max_length=16, choices=Migration.choices, blank=True)
    metadata = models.JSONField(default=dict)
    image_metadata = models.JSONField(default=dict)

    objects = VolumeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "id"], name="volumes_of_project"),
            models.Index(fields=["-created_at", "id"], name="volumes_newest"),
            models.Index(
                fields=["project", "status", "task_state", "-created_at", "id"], name="volumes_by_state"
            ),
            models.Index(fields=["status", "updated_at"], name="volumes_deleted"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    @property
    def shown_status(self) -> str:
        """Return its status, in Cinder's words."""
        return states.status(self.status, self.task_state)

    @property
    def attachment(self) -> Attachment | None:
        """Return its attachment to an instance. Costs a query unless it was read with the volume."""
        if "_attachment" in self.__dict__:
            read: Attachment | None = self.__dict__["_attachment"]
            return read
        return self.attachments.filter(released=False).first()
