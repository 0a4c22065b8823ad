"""A project's limits."""

from django.db import models

from accounts.models.project import Project


class Quota(models.Model):
    """The limit of one resource; null project: the default for every project without a row of its own."""

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
