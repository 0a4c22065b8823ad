"""Schedules: verbs to begin on an instance once or repeatedly."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from compute.engine.models.scoped import ScopedQuerySet
from compute.instances.models.instance import Instance


class Schedule(models.Model):
    """A verb to begin once at the time `at`, or whenever `cron` matches the clock of `time_zone`, to `until` at most.

    `next_run` is null if no further run is due. A sweeper claims a run by advancing it, so that only one has it. The
    verb begins as the user `created_by`, with the rights that they have then. Of the images that a schedule takes, the
    newest `keep` stay (`compute.images.services.images.rotate`).
    """

    DEFAULT_KEEP = 7

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="schedules")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=32)
    at = models.DateTimeField(null=True)
    cron = models.CharField(max_length=255, blank=True)
    until = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    keep = models.PositiveSmallIntegerField(default=DEFAULT_KEEP)
    enabled = models.BooleanField(default=True)
    next_run = models.DateTimeField(null=True)
    last_run = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Schedule"].as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["enabled", "next_run"], name="schedules_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(at__isnull=True) & ~Q(cron="") | Q(at__isnull=False) & Q(cron=""),
                name="schedule_has_one_kind_of_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} of {self.instance_id}: {self.cron or self.at}"
