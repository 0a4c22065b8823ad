"""Flavors: sizes of instances."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import Project
from accounts.models.row import RowModel


class Flavor(RowModel):
    """vCPUs, memory in MiB and disks in GiB, as in Nova. Instances copy the numbers at launch.

    A flavor that is not public is for administrators and its `projects`. An instance gets an ephemeral disk and a swap
    disk if their sizes are not 0. `rxtx_factor` has no effect and is stored for clients that use it.
    """

    id = models.CharField(primary_key=True, max_length=255, default=uuid.uuid4)
    name = models.CharField(max_length=255, unique=True)
    vcpus = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(256)])
    ram_mib = models.PositiveIntegerField(validators=[MinValueValidator(32), MaxValueValidator(2**22)])
    disk_gib = models.PositiveIntegerField(validators=[MinValueValidator(0), MaxValueValidator(2**16)])
    ephemeral_gib = models.PositiveIntegerField(default=0)
    swap_mib = models.PositiveIntegerField(default=0)
    rxtx_factor = models.FloatField(default=1.0)
    is_public = models.BooleanField(default=True)
    description = models.TextField(blank=True)
    extra_specs = models.JSONField(default=dict)
    projects = models.ManyToManyField(Project, related_name="+")

    class Meta:
        ordering = ["ram_mib", "vcpus", "disk_gib", "name"]

    def __str__(self) -> str:
        return self.name
