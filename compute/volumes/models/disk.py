"""Disks: block devices, of instances or unattached."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models.row import RowModel
from compute.hosts.models import Pool
from compute.images.models import Image
from compute.volumes.models.disk_layer import DiskLayer


class DiskQuerySet(models.QuerySet["Disk"]):
    def plugged(self) -> "DiskQuerySet":
        """Return the disks that their instance's machine has, in the order in which it shows them."""
        return self.exclude(device="").order_by("created_at", "id")

    def with_data(self) -> "DiskQuerySet":
        """Return the disks that hold the guest's data."""
        return self.filter(role__in=Disk.DATA)


class Disk(RowModel):
    """One block device. Its source is a volume in `pool`, over a `layer` of its own or a copy of `image`, if any.

    `device` is its name in the machine (vda, sdb, …), which stays as other disks come and go. It is empty while the
    machine does not have the disk, such as the new root disk of a rebuild. A `REPLACED` disk waits to be deleted. A
    `COPY` receives the content of another disk. A `VOLUME` has a row of `Volume` and a life of its own; while no
    instance has it, `instance` is null. A `CDROM` is a drive with the ISO `image` in it, or empty.
    """

    class Role(models.TextChoices):
        ROOT = "root"
        EPHEMERAL = "ephemeral"
        SWAP = "swap"
        CONFIG = "config"
        RESCUE = "rescue"
        COPY = "copy"
        REPLACED = "replaced"
        VOLUME = "volume"
        CDROM = "cdrom"

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
    layer = models.ForeignKey(DiskLayer, on_delete=models.PROTECT, null=True, related_name="tops")
    file_name = models.CharField(max_length=128, blank=True)
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
        """Return the name of its volume in the pool, which is another after each snapshot.

        A CD-ROM has none of its own, but its image's copy.
        """
        if self.role == Disk.Role.CDROM:
            return self.image.volume_name if self.image else ""
        return self.file_name or f"disk-{self.id}"

    @property
    def partial_name(self) -> str:
        """Return the name of its volume while that is being written."""
        return f"part-{self.id}"

    @property
    def serial(self) -> str:
        """Return the serial number that the guest sees, of the 20 characters that virtio allows.

        A volume's is the beginning of its id with hyphens, as Nova has it: clients look for it in the guest.
        """
        return str(self.volume.pk)[:20] if self.role == Disk.Role.VOLUME else self.id.hex[:20]
