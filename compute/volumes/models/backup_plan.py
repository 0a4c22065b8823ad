"""Plans by which volumes are backed up by themselves."""

import uuid

from django.db import models

from accounts.models import Project, User
from accounts.models.row import RowModel
from compute.volumes.models.volume import Volume


class BackupPlan(RowModel):
    """When a volume is backed up, and which of those backups stay.

    It is due whenever `cron` matches the clock of `time_zone`. `next_run` is null if it never is again. Backups begin as
    the user `created_by`, with the rights that they have then. Of each of the newest days, weeks and months, as many as
    `daily`, `weekly` and `monthly` say, the newest backup stays. A backup has all data after `full_every` - 1 that have
    only what changed. With `verifies`, each is verified when the next one is made.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    volume = models.OneToOneField(Volume, on_delete=models.CASCADE, related_name="backup_plan")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    cron = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=64, default="UTC")
    daily = models.PositiveSmallIntegerField(default=7)
    weekly = models.PositiveSmallIntegerField(default=4)
    monthly = models.PositiveSmallIntegerField(default=6)
    full_every = models.PositiveSmallIntegerField(default=7)
    verifies = models.BooleanField(default=False)
    next_run = models.DateTimeField(null=True)
    last_run = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["next_run"], name="backup_plans_due")]

    def __str__(self) -> str:
        return f"{self.volume_id}: {self.cron}"
