"""Disks: block devices of instances, or of none yet."""

import uuid

from django.db import models
from django.db.models import Q

from compute.hosts.models import Pool
from compute.images.models import Image


class DiskQuerySet(models.QuerySet["Disk"]):
    def plugged(self) -> "DiskQuerySet":
        """Disks that their instance's machine has, in the order in which it is shown them."""
        return self.exclude(device="").order_by("created_at", "id")

    def with_data(self) -> "DiskQuerySet":
        """Disks that hold what the guest wrote."""
        return self.filter(role__in=Disk.DATA)


class Disk(models.Model):
    """One block device. The volume of its name in `pool` is its source, with a copy of `image` under it, if any.

    `device` is what the machine calls it (vda, sdb, …) and stays as other disks come and go; empty while the
    machine does not have it. A rebuild makes a second root disk so, and what is `REPLACED` waits to be deleted.
    A `COPY` is what is being copied out of a disk.
    """

    class Role(models.TextChoices):
        ROOT = "root"
        EPHEMERAL = "ephemeral"
        SWAP = "swap"
        CONFIG = "config"
        RESCUE = "rescue"
        COPY = "copy"
        REPLACED = "replaced"

    DATA = (Role.ROOT, Role.EPHEMERAL, Role.SWAP)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="disks")
    instance = models.ForeignKey(
        "compute.Instance", on_delete=models.PROTECT, null=True, related_name="disks"
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    format = models.CharField(max_length=16, default="qcow2")
    size_bytes = models.BigIntegerField(default=0)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, null=True, related_name="+")
    device = models.CharField(max_length=16, blank=True)
    bus = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DiskQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "device"], condition=~Q(device=""), name="device_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.device or self.volume_name}"

    @property
    def volume_name(self) -> str:
        """Its volume in the pool."""
        return f"disk-{self.id}"

    @property
    def partial_name(self) -> str:
        """The volume while it is being written."""
        return f"part-{self.id}"

    @property
    def serial(self) -> str:
        """What the guest finds it by; virtio shows 20 characters."""
        return self.id.hex[:20]
