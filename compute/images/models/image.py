"""Images that instances boot from."""

import json
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Project, User
from compute.driver.specs import DiskFormat
from compute.engine.models.subject import Subject, SubjectQuerySet

RAW_FORMATS = ("raw", "iso", "ami", "ari", "aki")
"""Formats of images that are no more than their bytes. A pool's copy of any other is qcow2."""


class Image(Subject):
    """A disk image, as in Glance. `size` and `virtual_size` in bytes; `checksum` is its SHA-256.

    A `protected` one cannot be deleted. Lists leave out a `hidden` one, which can be launched nevertheless.

    `properties` are texts by name; `compute.instances.services.hardware_options` reads some of them. With
    `taken_from` it is a copy of that instance's disk, taken by `user`, or by a `schedule`.
    """

    class Status(models.TextChoices):
        """Glance's words. A `DELETED` image has no file any more."""

        QUEUED = "queued", _("Waiting")
        SAVING = "saving", _("Being stored")
        UPLOADING = "uploading", _("Data sent, not imported")
        IMPORTING = "importing", _("Being imported")
        ACTIVE = "active", _("Ready")
        DEACTIVATED = "deactivated", _("Deactivated")
        ERROR = "error", _("Error")
        DELETED = "deleted", _("Deleted")

    UNFINISHED = (Status.QUEUED, Status.SAVING, Status.UPLOADING, Status.IMPORTING)
    SAVING = "saving"
    IMPORTING = "importing"
    DELETING = "deleting"
    """Tasks."""
    COPY = "image-"
    """What the names of copies in storage pools begin with."""
    VOLUMES = "block_device_mapping"
    """The property of an image that is none of data, but of snapshots of an instance's volumes."""

    STATE: ClassVar[str] = "status"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="images")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    os_type = models.CharField(max_length=32, default="linux")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    visibility = models.CharField(max_length=16, default="public")
    protected = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    tags = models.JSONField(default=list)
    disk_format = models.CharField(max_length=16, default="qcow2", blank=True)
    container_format = models.CharField(max_length=16, default="bare", blank=True)
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
    upload = models.UUIDField(null=True)
    """Which upload may fill the image, so that one that was given up does not."""
    staged = models.JSONField(null=True)
    """Data that wait to be imported: the token of their part, `size`, `virtual_size` and `checksum`.

    Or else `refused`, why they cannot be. While they come in pieces: how many bytes are `received` of the `length`.
    """
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    schedule = models.ForeignKey(
        "compute.Schedule", on_delete=models.SET_NULL, null=True, related_name="images"
    )

    objects = SubjectQuerySet["Image"].as_manager()

    class Meta:
        ordering = ["name", "created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def awaits_pieces(self) -> bool:
        """Return whether its data come in pieces, and some are missing."""
        return self.status == self.Status.UPLOADING and "length" in (self.staged or {})

    @property
    def is_of_volumes(self) -> bool:
        """Return whether launches make volumes of it, and no disk."""
        return self.VOLUMES in self.properties

    @property
    def boot_snapshot_id(self) -> str:
        """Return the id of the snapshot of the volume that launches boot from; empty if it names none."""
        try:
            rows = json.loads(self.properties[self.VOLUMES])
            return next(str(row.get("snapshot_id") or "") for row in rows if row.get("boot_index") == 0)
        except (ValueError, TypeError, AttributeError, KeyError, StopIteration):
            return ""

    @property
    def volume_name(self) -> str:
        """Return the name of its copy in a storage pool."""
        return f"{self.COPY}{self.id}"

    @property
    def volume_format(self) -> DiskFormat:
        """Return the format of its copy in a storage pool, in the driver's words."""
        return "raw" if self.disk_format in RAW_FORMATS else "qcow2"
