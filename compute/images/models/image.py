"""What instances boot from."""

import uuid

from django.db import models

from accounts.models import Project, User
from compute.engine.models.scoped import ScopedQuerySet


class Image(models.Model):
    """A disk image, as in Glance. `size` and `virtual_size` in bytes; `checksum` is its SHA-256.

    `properties` are texts by name; those that `compute.instances.services.hardware_options` knows shape its guests.
    One with a `taken_from` is, or will be, a copy of that instance's disk, taken by `user`, and where a `schedule`
    stands, whenever that came round.
    """

    class Status(models.TextChoices):
        """`DELETED` is nobody's any more: a sweep removes its files, and the row last."""

        QUEUED = "queued"
        SAVING = "saving"
        ACTIVE = "active"
        DELETED = "deleted"

    UNFINISHED = (Status.QUEUED, Status.SAVING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="images")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    os_type = models.CharField(max_length=32, default="linux")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    visibility = models.CharField(max_length=16, default="public")
    disk_format = models.CharField(max_length=16, default="qcow2")
    size = models.BigIntegerField(default=0)
    virtual_size = models.BigIntegerField(default=0)
    checksum = models.CharField(max_length=64, blank=True)
    min_ram_mib = models.PositiveIntegerField(default=0)
    min_disk_gib = models.PositiveIntegerField(default=0)
    default_user = models.CharField(max_length=64, blank=True)
    properties = models.JSONField(default=dict)
    taken_from = models.ForeignKey(
        "compute.Instance", on_delete=models.SET_NULL, null=True, related_name="images_taken"
    )
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    schedule = models.ForeignKey(
        "compute.Schedule", on_delete=models.SET_NULL, null=True, related_name="images"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Image"].as_manager()

    class Meta:
        ordering = ["name", "created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def volume_name(self) -> str:
        """Its file in a storage pool."""
        return f"image-{self.id}"
