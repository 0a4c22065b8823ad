"""Host aggregates: hosts that have something in common."""

import uuid

from django.db import models

from compute.hosts.models.hypervisor import Hypervisor


class Aggregate(models.Model):
    """A host aggregate, as in Nova: its metadata match flavors' extra specs.

    Its zone, if set, is that of its hosts.
    """

    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=255, unique=True)
    availability_zone = models.CharField(max_length=255, blank=True)
    metadata = models.JSONField(default=dict)
    hosts = models.ManyToManyField(Hypervisor, related_name="aggregates")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
