"""Layers under disks, which nobody writes any more."""

import uuid

from django.db import models

from accounts.models.row import RowModel
from compute.images.models import Image


class DiskLayer(RowModel):
    """A former top of a disk, in the disk's pool. It lies over `parent`, else over `image`, else over nothing.

    Snapshots hold layers. One that no snapshot holds any more goes once it can be merged.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    disk = models.ForeignKey("compute.Disk", on_delete=models.PROTECT, related_name="layers")
    file_name = models.CharField(max_length=128)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, null=True, related_name="+")
    size_bytes = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["disk", "file_name"], name="layer_once")]

    def __str__(self) -> str:
        return self.file_name
