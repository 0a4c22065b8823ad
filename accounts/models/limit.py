"""Limits of resources that other services count, which Keystone keeps for them."""

from django.db import models

from accounts.models.catalog import Region, Service
from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Domain, Project


class RegisteredLimit(IdentifiedModel):
    """A resource of a service, in a region or in all, and its limit in every project that has none of its own."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="registered_limits")
    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, related_name="registered_limits")
    resource_name = models.CharField(max_length=255)
    default_limit = models.BigIntegerField()
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["resource_name", "id"]
        constraints = [
            # Nulls differ in an index, so no region has a constraint of its own.
            models.UniqueConstraint(
                fields=["service", "region", "resource_name"], name="registered_limit_once"
            ),
            models.UniqueConstraint(
                fields=["service", "resource_name"],
                condition=models.Q(region=None),
                name="registered_limit_of_all_regions_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_name} of {self.service}"


class Limit(IdentifiedModel):
    """The limit that a project or a domain has of its own."""

    registered = models.ForeignKey(RegisteredLimit, on_delete=models.CASCADE, related_name="limits")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="limits")
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, null=True, related_name="limits")
    resource_limit = models.BigIntegerField()
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["registered__resource_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["registered", "project"], name="project_limit_once"),
            models.UniqueConstraint(fields=["registered", "domain"], name="domain_limit_once"),
            models.CheckConstraint(
                condition=models.Q(project=None, domain__isnull=False)
                | models.Q(domain=None, project__isnull=False),
                name="limit_of_project_or_domain",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registered} in {self.project or self.domain}"
