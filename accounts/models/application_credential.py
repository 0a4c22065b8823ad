"""Application credentials: secrets with which scripts sign in to one project as a user."""

from django.db import models

from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Project
from accounts.models.role import Role
from accounts.models.user import User


class ApplicationCredential(IdentifiedModel):
    """A credential that gives at most `roles` on `project`, and only while its user has them there.

    Only an unrestricted one may create or delete others. Only the secret's hash is stored. `access_rules` is a
    copy of the user's rows, which never change, so that checking a token needs no further query.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="application_credentials")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="application_credentials")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    secret_hash = models.CharField(max_length=128)
    roles = models.ManyToManyField(Role, related_name="+")
    unrestricted = models.BooleanField(default=False)
    access_rules = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="application_credential_name")]

    def __str__(self) -> str:
        return self.name
