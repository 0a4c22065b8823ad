"""Attachments of volumes to instances."""

import uuid

from django.db import models

from accounts.models.row import RowModel


class Attachment(RowModel):
    """A volume that an instance has, or will have.

    `attached_at` is null until the guest has it. `delete_on_termination` is whether the volume is deleted with the
    instance. `device` is the name that was asked for; the disk has the present one.

    A `released` one tells what a deleted instance had, in case it is restored from the recycle bin.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    volume = models.ForeignKey("compute.Volume", on_delete=models.CASCADE, related_name="attachments")
    instance = models.ForeignKey("compute.Instance", on_delete=models.CASCADE, related_name="attachments")
    delete_on_termination = models.BooleanField(default=False)
    tag = models.CharField(max_length=60, blank=True)
    device = models.CharField(max_length=16, blank=True)
    released = models.BooleanField(default=False)
    boots = models.BooleanField(default=False)
    """Whether the instance boots from it."""
    created_at = models.DateTimeField(auto_now_add=True)
    attached_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["volume"], condition=models.Q(released=False), name="attachment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.volume_id} of {self.instance_id}"
