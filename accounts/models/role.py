"""Roles, and who has which role where."""

from django.db import models

from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Project
from accounts.models.user import User


class Role(IdentifiedModel):
    """A named set of rules; `accounts.policy` says what each may do."""

    name = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A user's role on a project, or on the system where `project` is null."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="assignments")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "project"], name="assignment_once"),
            models.UniqueConstraint(
                fields=["user", "role"], condition=models.Q(project=None), name="system_assignment_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} on {self.project or 'the system'}"
