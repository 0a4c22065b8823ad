"""Types of volumes."""

import uuid

from django.db import models

from accounts.models import Project
from accounts.models.row import RowModel
from compute.volumes.models.qos_specs import QosSpecs


class VolumeType(RowModel):
    """What volumes of this type are like. Projects see public types, and those that they have access to.

    `extra_specs` are texts by name, as in Cinder. `volume_backend_name` names the pool of its volumes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(blank=True)
    public = models.BooleanField(default=True)
    default = models.BooleanField(default=False)
    extra_specs = models.JSONField(default=dict)
    qos_specs = models.ForeignKey(QosSpecs, on_delete=models.SET_NULL, null=True, related_name="types")
    projects = models.ManyToManyField(Project, related_name="volume_types")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["default"], condition=models.Q(default=True), name="one_default_type"
            )
        ]

    def __str__(self) -> str:
        return self.name
