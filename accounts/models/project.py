"""Domains and the projects in them."""

from django.db import models

from accounts.models.identifier import IdentifiedModel


class Domain(IdentifiedModel):
    """A name space of projects and users, as in Keystone."""

    DEFAULT_ID = "default"

    name = models.CharField(max_length=64, unique=True)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Project(IdentifiedModel):
    """Owns resources and has a quota of each."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="project_name_in_domain")]

    def __str__(self) -> str:
        return self.name
