"""Storage pools, which hold disks."""

import uuid

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from compute.hosts.models.hypervisor import Hypervisor


class Pool(models.Model):
    """A libvirt storage pool of one host, or shared by several under the same name. Sizes in bytes.

    New volumes only go where it is `READY` and `enabled`. `state_reason` says why it has failed.
    """

    class Kind(models.TextChoices):
        DIRECTORY = "directory", _("Folder")

    class State(models.TextChoices):
        PREPARING = "preparing", _("Being prepared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        LEAVING = "leaving", _("Being removed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.DIRECTORY)
    path = models.CharField(max_length=1024)
    hosts = models.ManyToManyField(Hypervisor, related_name="pools")
    state = models.CharField(max_length=16, choices=State.choices, default=State.READY)
    state_reason = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=255, blank=True)
    capacity_bytes = models.BigIntegerField(default=0)
    available_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def first_host(self) -> Hypervisor | None:
        """The host by whose name and zone it goes, read once."""
        return next(iter(self.hosts.all()), None)
