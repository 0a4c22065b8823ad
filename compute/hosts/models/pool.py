"""Storage pools, which hold disks."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from compute.hosts.models.hypervisor import Hypervisor


class Pool(models.Model):
    """A libvirt storage pool of one host, or shared by several under the same name. Sizes in bytes."""

    class Kind(models.TextChoices):
        DIRECTORY = "directory", _("Folder")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.DIRECTORY)
    path = models.CharField(max_length=1024)
    hosts = models.ManyToManyField(Hypervisor, related_name="pools")
    capacity_bytes = models.BigIntegerField(default=0)
    available_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.name
