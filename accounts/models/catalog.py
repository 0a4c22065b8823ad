"""Regions, services and endpoints: the rows of the catalog, and which projects see which endpoints."""

from django.db import models

from accounts.endpoint_urls import absolute
from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Project


class Region(models.Model):
    """A region, whose id is its name."""

    id = models.CharField(primary_key=True, max_length=255)
    description = models.TextField(blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.id


class Service(IdentifiedModel):
    """An OpenStack service, of this installation or another."""

    type = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["type", "name"]

    def __str__(self) -> str:
        return self.name or self.type


class Endpoint(IdentifiedModel):
    """The URL of a service. One that begins with a slash is ours and follows MERIDIAN_URL."""

    class Interface(models.TextChoices):
        PUBLIC = "public"
        INTERNAL = "internal"
        ADMIN = "admin"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="endpoints")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, related_name="endpoints")
    interface = models.CharField(max_length=8, choices=Interface.choices)
    url = models.TextField()
    enabled = models.BooleanField(default=True)
    projects = models.ManyToManyField(Project, related_name="endpoints")

    class Meta:
        ordering = ["service", "interface", "id"]

    def __str__(self) -> str:
        return f"{self.interface} {self.url}"

    @property
    def address(self) -> str:
        """Return the absolute URL."""
        return absolute(self.url)


class EndpointGroup(IdentifiedModel):
    """The endpoints that match `filters`: {column of an endpoint: value}."""

    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    filters = models.JSONField(default=dict)
    projects = models.ManyToManyField(Project, related_name="endpoint_groups")

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
