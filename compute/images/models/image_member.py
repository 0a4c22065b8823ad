"""Projects with which an image is shared."""

from typing import ClassVar

from django.db import models

from accounts.models import Project
from accounts.models.row import RowModel
from compute.images.models.image import Image


class ImageMember(RowModel):
    """A project with which the owner of a shared image shares it. Lists of that project show it once accepted."""

    class Status(models.TextChoices):
        """Glance's words."""

        PENDING = "pending"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="members")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["image", "project"], name="image_member_once")]

    def __str__(self) -> str:
        return f"{self.image_id} shared with {self.project_id}: {self.status}"
