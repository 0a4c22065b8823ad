"""Networks and the ports that connect instances to them."""

import uuid

from django.db import models

from accounts.models import Project
from accounts.models.row import RowModel
from compute.engine.models.scoped import ScopedQuerySet


class Network(RowModel):
    """A network with one range of addresses, DHCP and NAT. All projects share one without a project."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="networks")
    name = models.CharField(max_length=255)
    cidr = models.CharField(max_length=43)
    bridge = models.CharField(max_length=15, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Port(RowModel):
    """A port of an instance with its MAC and IP address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="ports")
    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="ports")
    instance = models.ForeignKey("compute.Instance", on_delete=models.CASCADE, related_name="ports")
    mac = models.CharField(max_length=17, unique=True)
    address = models.GenericIPAddressField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Port"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "address"], name="address_once")]

    def __str__(self) -> str:
        return self.address

    @property
    def tap_name(self) -> str:
        """Return the name of its tap device on the host, of at most the 15 characters that Linux allows."""
        return f"tap{self.id.hex[:11]}"
