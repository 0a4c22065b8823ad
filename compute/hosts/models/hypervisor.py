"""Hosts that run guests."""

import uuid

from django.db import models

from accounts.models.row import RowModel


class Hypervisor(RowModel):
    """A machine that runs guests. Capacities are the host's own; the ratios say how far to overcommit.

    `uri` is its libvirt as processes on it open it; no other machine uses it. `seen_at` is renewed by its watcher
    as long as libvirt answers. `forced_down` is an administrator's word that it is down, whatever it says itself.
    `console_address` is where its console process listens for other machines, as `IP:port`. Empty: for its own only.
    `problems` are pairs of a part's name and a sentence, as its watcher last saw them. `features` are the optional
    ones that guests can have (`driver.host.capabilities`). `zone` is that of its aggregates;
    `compute.hosts.services.aggregates` is its only writer.
    """

    DEFAULT_ZONE = "nova"

    class State(models.TextChoices):
        UP = "up"
        UNREACHABLE = "unreachable"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255, unique=True)
    uri = models.CharField(max_length=255)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=255, blank=True)
    forced_down = models.BooleanField(default=False)
    zone = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.UNREACHABLE)
    state_reason = models.TextField(blank=True)
    virt_type = models.CharField(max_length=8, default="qemu")
    virt_reason = models.TextField(blank=True)
    vcpus = models.PositiveIntegerField(default=0)
    memory_mib = models.PositiveIntegerField(default=0)
    disk_gib = models.PositiveIntegerField(default=0)
    disk_free_gib = models.PositiveIntegerField(default=0)
    cpu_model = models.CharField(max_length=255, blank=True)
    arch = models.CharField(max_length=32, blank=True)
    libvirt_version = models.CharField(max_length=32, blank=True)
    qemu_version = models.CharField(max_length=32, blank=True)
    features = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    console_address = models.CharField(max_length=64, blank=True)
    vcpu_ratio = models.FloatField(default=16.0)
    memory_ratio = models.FloatField(default=1.0)
    disk_ratio = models.FloatField(default=4.0)
    synced_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def capacity(self) -> tuple[int, int, int]:
        """Return the vCPUs, MiB and GiB that instances may take, with overcommitment."""
        return (
            int(self.vcpus * self.vcpu_ratio),
            int(self.memory_mib * self.memory_ratio),
            int(self.disk_gib * self.disk_ratio),
        )

    @property
    def availability_zone(self) -> str:
        """Return the zone, the default one if no aggregate sets it."""
        return self.zone or self.DEFAULT_ZONE
