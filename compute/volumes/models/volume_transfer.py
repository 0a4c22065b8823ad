"""Offers of volumes to other projects."""

import uuid

from django.db import models

from accounts.models.row import RowModel
from compute.volumes.models.volume import Volume


class VolumeTransfer(RowModel):
    """A volume that waits for another project, which must know the key. Only its digest is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    volume = models.OneToOneField(Volume, on_delete=models.CASCADE, related_name="transfer")
    name = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.name or str(self.pk)
