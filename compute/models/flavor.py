"""Sizes that instances come in."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Flavor(models.Model):
    """Processors, memory in MiB and disk in GiB, as in Nova. Instances copy the numbers at launch."""

    id = models.CharField(primary_key=True, max_length=255, default=uuid.uuid4)
    name = models.CharField(max_length=255, unique=True)
    vcpus = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(256)])
    ram_mib = models.PositiveIntegerField(validators=[MinValueValidator(32), MaxValueValidator(2**22)])
    disk_gib = models.PositiveIntegerField(validators=[MinValueValidator(0), MaxValueValidator(2**16)])
    is_public = models.BooleanField(default=True)

    class Meta:
        ordering = ["ram_mib", "vcpus", "disk_gib", "name"]

    def __str__(self) -> str:
        return self.name
