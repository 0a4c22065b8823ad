"""Domains and the projects in them."""

from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Prefetch, Q

from accounts.models.identifier import IdentifiedModel


class Domain(IdentifiedModel):
    """A namespace of projects and users, as in Keystone."""

    DEFAULT_ID = "default"

    name = models.CharField(max_length=64, unique=True)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(models.QuerySet["Project"]):
    def enabled(self) -> "ProjectQuerySet":
        """Return the enabled projects of enabled domains."""
        return self.filter(enabled=True, domain__enabled=True)

    def with_tags(self) -> "ProjectQuerySet":
        return self.prefetch_related(Prefetch("tags", to_attr="read_tags"))

    def with_lineage(self) -> "ProjectQuerySet":
        return self.select_related("domain", "__".join(["parent"] * (Project.DEEPEST - 1)))

    def below(self, projects: models.QuerySet[Any]) -> "ProjectQuerySet":
        """Return the projects below any of `projects`, a query of one column: their ids."""
        steps = range(1, Project.DEEPEST)
        return self.filter(reduce(or_, (Q(**{"__".join(["parent"] * n) + "__in": projects}) for n in steps)))


class Project(IdentifiedModel):
    """An owner of resources, with a quota of each. Without a parent it is right below its domain."""

    DEEPEST = 5
    """The most levels of projects; few enough for one query to read them all."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="projects")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    name = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="project_name_in_domain")]

    def __str__(self) -> str:
        return self.name

    @property
    def tag_names(self) -> list[str]:
        """Return the names of its tags. No query after `with_tags`."""
        read: list[ProjectTag] | None = self.__dict__.get("read_tags")
        return [tag.name for tag in (self.tags.all() if read is None else read)]

    @property
    def lineage(self) -> list["Project"]:
        """Return the projects above, nearest first. No query after `with_lineage`."""
        above, project = [], self
        while project.parent is not None:
            project = project.parent
            above.append(project)
        return above


class ProjectTag(models.Model):
    """A tag of a project, by which people find it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="project_tag_once")]

    def __str__(self) -> str:
        return self.name
