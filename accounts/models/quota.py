"""Limits of projects, and of single users within them."""

from django.db import models

from accounts.models.project import Project
from accounts.models.user import User


class Quota(models.Model):
    """The limit of one resource. Without a project it is the default of all projects that have no row."""

    UNLIMITED = -1

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="quotas")
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "resource"], name="quota_once"),
            models.UniqueConstraint(
                fields=["resource"], condition=models.Q(project=None), name="default_quota_once"
            ),
            models.CheckConstraint(condition=models.Q(limit__gte=-1), name="quota_limit_from_minus_one"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.project or 'every project'}: {self.limit}"


class UserQuota(models.Model):
    """The limit of one user within a project's limit; without a row the project's limit alone applies."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="user_quotas")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="quotas")
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "resource"], name="user_quota_once"),
            models.CheckConstraint(condition=models.Q(limit__gte=-1), name="user_quota_limit_from_minus_one"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.user} in {self.project}: {self.limit}"


class ClassQuota(models.Model):
    """A limit of one of Nova's quota classes other than `default`, which limits nobody."""

    name = models.CharField(max_length=255)
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "resource"], name="class_quota_once"),
            models.CheckConstraint(
                condition=models.Q(limit__gte=-1), name="class_quota_limit_from_minus_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of the class {self.name}: {self.limit}"
