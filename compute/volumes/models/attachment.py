"""Attachments of volumes to instances."""

import uuid

from django.db import models

from accounts.models.row import RowModel


class Attachment(RowModel):
    """A volume that an instance has, or will have.

    `attached_at` is null until the guest has it. `delete_on_termination` is whether the volume is deleted with the
    instance. The device is the disk's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    volume = models.ForeignKey("compute.Volume", on_delete=models.CASCADE, related_name="attachments")
    instance = models.ForeignKey("compute.Instance", on_delete=models.CASCADE, related_name="attachments")
    delete_on_termination = models.BooleanField(default=False)
    tag = models.CharField(max_length=60, blank=True)
    boots = models.BooleanField(default=False)
    """Whether the instance boots from it."""
    created_at = models.DateTimeField(auto_now_add=True)
    attached_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["volume"], name="attachment_once")]

    def __str__(self) -> str:
        return f"{self.volume_id} of {self.instance_id}"
